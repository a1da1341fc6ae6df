import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitLines } from "../../shared/adapters/local/follow/lines.ts";
import { findEncoding } from "../../shared/core/encoding.ts";
import { SEED } from "../support/seed.ts";

const LIMIT = 8;

/** Reads a whole file in chunks as the follower does, and gives the lines with their offsets. */
function readInChunks(bytes: Buffer, chunk: number, encodingName: string) {
  const decoder = findEncoding(encodingName)!.decoderFor(bytes);
  const lines: { at: number; text: string }[] = [];
  let offset = 0;
  let skipping = false;
  let cut = 0;
  for (;;) {
    const part = bytes.subarray(offset, offset + chunk);
    const split = splitLines(part, 0, skipping, { ...decoder, limit: LIMIT }, (start, end) => {
      lines.push({ at: offset + start, text: decoder.decode(part, start, end, false) });
    });
    cut += split.cut;
    skipping = split.skipping;
    offset += split.consumed;
    if (split.consumed === 0) return { lines, offset, skipping, cut };
  }
}

describe("bytes into lines", () => {
  it.each([
    { name: "lines", bytes: "a\nbc\n", lines: ["a", "bc"], left: "" },
    { name: "an unfinished line is left", bytes: "a\nbc", lines: ["a"], left: "bc" },
    { name: "an empty line is a line", bytes: "\n\na\n", lines: ["", "", "a"], left: "" },
    { name: "CRLF, and CRCRLF", bytes: "a\r\nb\r\r\n\r\n", lines: ["a", "b", ""], left: "" },
    { name: "a CR inside stays", bytes: "a\rb\n", lines: ["a\rb"], left: "" },
    { name: "NUL inside stays", bytes: "a\0b\n", lines: ["a\0b"], left: "" },
    { name: "NUL at the start goes", bytes: "\0\0\0\0\0\0\0\0\0\0\0\0a\n", lines: ["a"], left: "" },
    { name: "NULs alone are done with", bytes: "a\n\0\0\0", lines: ["a"], left: "" },
    { name: "a line at the limit is whole", bytes: "12345678\nb\n", lines: ["12345678", "b"], left: "" },
    { name: "a line at the limit with CRLF is whole", bytes: "12345678\r\nb\n", lines: ["12345678", "b"], left: "" },
    { name: "one byte more is cut", bytes: "123456789\nb\n", lines: ["12345678", "b"], left: "", cut: 1 },
    {
      name: "a long line without end is cut",
      bytes: `${"x".repeat(40)}\nb\n`,
      lines: ["xxxxxxxx", "b"],
      left: "",
      cut: 1,
    },
    { name: "U+2028 and VT end no line", bytes: "\u2028\x0b\n", lines: ["\u2028\x0b"], left: "" },
  ])("$name", ({ bytes, lines, left, cut = 0 }) => {
    const all = Buffer.from(bytes);
    const read = readInChunks(all, 16, "utf-8");
    expect(read.lines.map(({ text }) => text)).toEqual(lines);
    expect(all.subarray(read.offset).toString()).toBe(left);
    expect(read.cut).toBe(cut);
  });

  it.each(["utf-16le", "utf-16be"])("%s: a byte 0x0a within a character ends no line", (encoding) => {
    const text = "\u0a0a\u0a00\u000a\u010a\r\n\ud83d\ude00\n";
    const little = Buffer.from(text, "utf16le");
    const bytes = encoding === "utf-16le" ? little : Buffer.from(little).swap16();
    expect(readInChunks(bytes, 64, encoding).lines.map(({ text }) => text)).toEqual([
      "\u0a0a\u0a00",
      "\u010a",
      "\ud83d\ude00",
    ]);
  });

  it("gives the same lines at the same offsets whatever the chunks", () => {
    const byte = fc.constantFrom(0x0a, 0x0d, 0, 0x61, 0x62, 0xc3, 0xa9, 0xff);
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 120 }), fc.integer({ min: LIMIT + 1, max: 40 }), (raw, chunk) => {
        const bytes = Buffer.from(raw);
        const read = readInChunks(bytes, chunk, "latin-1");
        expect(read.lines).toEqual(model(bytes));
        expect(read.offset === bytes.length || bytes.length - read.offset <= LIMIT).toBe(true);
      }),
      { numRuns: 3000, seed: SEED },
    );
  });

  it("gives the same lines in UTF-16, whatever the chunks", () => {
    const unit = fc.constantFrom("\n", "\r", "a", "\u0a0a", "\u0a00", "\u000b", "\u0100");
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), fc.integer({ min: 6, max: 20 }), (units, half) => {
        const text = units.join("");
        const wanted = text
          .split("\n")
          .slice(0, -1)
          .map((line) => line.replace(/\r+$/, "").slice(0, LIMIT / 2));
        for (const encoding of ["utf-16le", "utf-16be"]) {
          const little = Buffer.from(text, "utf16le");
          const bytes = encoding === "utf-16le" ? little : little.swap16();
          const got = readInChunks(bytes, 2 * half, encoding).lines.map((line) => line.text);
          const rest = text.slice(text.lastIndexOf("\n") + 1);
          const cut = rest.length > LIMIT / 2 ? [rest.slice(0, LIMIT / 2)] : [];
          expect(got).toEqual([...wanted, ...cut]);
        }
      }),
      { numRuns: 2000, seed: SEED },
    );
  });
});

/** The rules once more, on the whole file at once. */
function model(bytes: Buffer): { at: number; text: string }[] {
  const lines: { at: number; text: string }[] = [];
  let at = 0;
  while (at < bytes.length) {
    const found = bytes.indexOf(0x0a, at);
    const end = found < 0 ? bytes.length : found;
    let start = at;
    while (bytes[start] === 0) start++;
    const line = bytes.subarray(start, Math.max(start, end)).toString("latin1");
    const text = found < 0 ? line : line.replace(/\r+$/, "");
    if (found >= 0 || text.length > LIMIT) lines.push({ at: start, text: text.slice(0, LIMIT) });
    at = end + 1;
  }
  return lines;
}
