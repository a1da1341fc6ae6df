import { describe, expect, it } from "vitest";
import { createFollower } from "../../shared/adapters/local/follow/follower.ts";
import { FollowError } from "../../shared/adapters/local/follow/notice.ts";
import { findEncoding } from "../../shared/core/encoding.ts";

const BROKEN = "\ufffd";

function decode(name: string, bytes: readonly number[]): string | undefined {
  const all = Buffer.from(bytes);
  return findEncoding(name)?.decoderFor(all).decode(all, 0, all.length, false);
}

describe("logencoding", () => {
  it.each([
    { name: "utf-8", bytes: [0xc3, 0xa9], text: "é" },
    { name: "UTF_8", bytes: [0x61, 0xff, 0x62], text: `a${BROKEN}b` },
    { name: "auto", bytes: [0xe2, 0x82], text: BROKEN },
    { name: "latin-1", bytes: [0xe9, 0x93], text: "é\x93" },
    { name: "ISO-8859-1", bytes: [0xe9], text: "é" },
    { name: "ascii", bytes: [0x61, 0xe9], text: `a${BROKEN}` },
    { name: "cp1252", bytes: [0x80, 0x93, 0x81, 0xe9], text: "€“\x81é" },
    { name: "windows-1252", bytes: [0x9f], text: "Ÿ" },
    { name: "iso8859-15", bytes: [0xa4], text: "€" },
    { name: "koi8-r", bytes: [0xc1], text: "а" },
    { name: "cp1251", bytes: [0xe0], text: "а" },
    { name: "cp866", bytes: [0xa0], text: "а" },
    { name: "shift_jis", bytes: [0x83, 0x41], text: "ア" },
    { name: "euc_jp", bytes: [0xa5, 0xa2], text: "ア" },
    { name: "gbk", bytes: [0xd6, 0xd0], text: "中" },
    { name: "big5", bytes: [0xa4, 0xa4], text: "中" },
    { name: "cp949", bytes: [0xb0, 0xa1], text: "가" },
    { name: "iso-2022-jp", bytes: [0x1b, 0x24, 0x42, 0x25, 0x22, 0x1b, 0x28, 0x42], text: "ア" },
    { name: "utf-16le", bytes: [0x61, 0x00, 0x00, 0xd8], text: `a${BROKEN}` },
    { name: "utf_16_be", bytes: [0x00, 0x61], text: "a" },
    { name: "utf-16", bytes: [0xfe, 0xff, 0x00, 0x61], text: "\ufeffa" },
    { name: "utf-16", bytes: [0xff, 0xfe, 0x61, 0x00], text: "\ufeffa" },
  ])("$name reads $bytes as $text", ({ name, bytes, text }) => expect(decode(name, bytes)).toBe(text));

  it.each(["klingon", "", "cp437", "utf-32"])("does not know %j", (name) => expect(findEncoding(name)).toBeUndefined());

  it("says which file has the unknown name, and what to write", () => {
    const make = () =>
      createFollower({ paths: [{ path: "/var/log/x.log", from: "head", encoding: "klingon" }], now: () => 0 });
    expect(make).toThrow(FollowError);
    expect(make).toThrow('logencoding "klingon" of /var/log/x.log is not known');
  });

  it("takes the quick way through ASCII only where the encoding has ASCII", () => {
    const text = "plain";
    for (const name of ["utf-8", "latin-1", "shift_jis", "gb18030", "koi8-r", "iso-2022-jp"]) {
      const bytes = Buffer.from(text);
      expect(findEncoding(name)?.decoderFor(bytes).decode(bytes, 0, bytes.length, true)).toBe(text);
    }
    const escaped = Buffer.from([0x1b, 0x24, 0x42, 0x25, 0x22, 0x1b, 0x28, 0x42]);
    expect(findEncoding("iso-2022-jp")?.decoderFor(escaped).decode(escaped, 0, escaped.length, true)).toBe("ア");
  });

  it.each([
    { name: "a whole character", bytes: "aé", end: 3, at: 3 },
    { name: "inside two bytes", bytes: "aé", end: 2, at: 1 },
    { name: "inside three bytes", bytes: "a€", end: 3, at: 1 },
    { name: "inside four bytes", bytes: "a😀", end: 4, at: 1 },
    { name: "before a character", bytes: "aé", end: 1, at: 1 },
  ])("UTF-8 is cut before a character: $name", ({ bytes, end, at }) => {
    const all = Buffer.from(bytes);
    expect(findEncoding("utf-8")?.decoderFor(all).cutAt(all, end)).toBe(at);
  });

  it("does not look further back than a character is long", () => {
    const all = Buffer.from([0x61, 0x80, 0x80, 0x80, 0x80, 0x80]);
    expect(findEncoding("utf-8")?.decoderFor(all).cutAt(all, 5)).toBe(5);
  });

  it("UTF-16 is not cut inside a pair", () => {
    const all = Buffer.from("a😀", "utf16le");
    expect(findEncoding("utf-16le")?.decoderFor(all).cutAt(all, 4)).toBe(2);
    expect(findEncoding("utf-16be")?.decoderFor(all).cutAt(Buffer.from(all).swap16(), 4)).toBe(2);
  });
});
