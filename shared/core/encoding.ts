/**
 * logencoding: from the name in a jail to something that turns the bytes of one line into text.
 *
 * Nothing a client writes may stop the reading: a byte that the encoding does not know becomes U+FFFD. Names are Python's
 * (`latin-1`, `utf_8`, `cp1252`) or the WHATWG's. A byte order mark is taken off at the start of a file, and only there.
 */
export interface Encoding {
  /** The name as given. */
  readonly name: string;
  /** Bytes in which a line end is written, and in which a file may be cut: 2 in UTF-16, else 1. */
  readonly unit: 1 | 2;
  /** The decoder for a file that starts with these bytes: `utf-16` says its byte order there. */
  decoderFor(first: Uint8Array): Decoder;
}

export interface Decoder {
  readonly unit: 1 | 2;
  /** The line feed, as it stands in the file. */
  readonly lineFeed: readonly number[];
  /** Bytes of byte order mark at the start of a file whose first bytes are these. */
  markLength(first: Uint8Array): number;
  /** Where to end a line that is cut at `end`, so that no character is cut. */
  cutAt(bytes: Uint8Array, end: number): number;
  /** Text of `bytes[start, end)`; `ascii` promises that no byte there is above 0x7f, which is several times faster. */
  decode(bytes: Buffer, start: number, end: number, ascii: boolean): string;
}

/** What Python calls an encoding and TextDecoder does not. */
const ALIASES: Record<string, string> = {
  auto: "utf-8",
  u8: "utf-8",
  utf: "utf-8",
  "utf-8-sig": "utf-8",
  "utf-16-le": "utf-16le",
  "utf-16-be": "utf-16be",
  "latin-1": "iso-8859-1",
  latin1: "iso-8859-1",
  latin: "iso-8859-1",
  l1: "iso-8859-1",
  iso8859: "iso-8859-1",
  "iso8859-1": "iso-8859-1",
  646: "ascii",
  "us-ascii": "ascii",
  cp1252: "windows-1252",
  cp932: "shift_jis",
  "shift-jis": "shift_jis",
  cp936: "gbk",
  cp949: "euc-kr",
  cp950: "big5",
};

/** Windows-1252 where it differs from Latin-1, bytes 0x80 to 0x9f; Node's own decoder leaves them out in most 20.x and 22.x. */
const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

/** The encoding of this name, in any case and with `_` or `-`; undefined = no such encoding here. `auto` is UTF-8, whatever the locale. */
export function findEncoding(name: string): Encoding | undefined {
  const plain = name.trim().toLowerCase().replaceAll("_", "-");
  const known = ALIASES[plain] ?? plain;
  if (known === "utf-16") {
    return { name, unit: 2, decoderFor: (first) => utf16(first[0] === 0xfe && first[1] === 0xff) };
  }
  const decoder = decoderOf(known);
  return decoder === undefined ? undefined : { name, unit: decoder.unit, decoderFor: () => decoder };
}

function decoderOf(name: string): Decoder | undefined {
  if (name === "utf-8") return { ...byteWise(utf8), markLength: utf8Mark, cutAt: utf8Cut };
  if (name === "iso-8859-1") return byteWise(latin1);
  if (name === "ascii") return byteWise((...line) => latin1(...line).replace(/[\x80-\xff]/g, "\ufffd"));
  if (name === "windows-1252") {
    return byteWise((...line) =>
      latin1(...line).replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 0x80] ?? c),
    );
  }
  try {
    const decoder = new TextDecoder(name, { ignoreBOM: true });
    if (decoder.encoding === "utf-16le" || decoder.encoding === "utf-16be")
      return utf16(decoder.encoding === "utf-16be");
    if (decoder.encoding === "utf-8" || decoder.encoding === "windows-1252") return decoderOf(decoder.encoding);
    return byteWise((bytes, from, to) => decoder.decode(bytes.subarray(from, to)), name !== "iso-2022-jp");
  } catch {
    // RangeError: this platform has no such encoding; the caller says so with the place of the option.
    return undefined;
  }
}

const utf8: Decode = (bytes, start, end) => bytes.toString("utf8", start, end);
const latin1: Decode = (bytes, start, end) => bytes.toString("latin1", start, end);

type Decode = (bytes: Buffer, start: number, end: number) => string;

/** Encodings whose line feed is one byte that no other character contains, which is every one but UTF-16. */
function byteWise(decode: Decode, sharesAscii = true): Decoder {
  return {
    unit: 1,
    lineFeed: [0x0a],
    markLength: () => 0,
    cutAt: (_bytes, end) => end,
    decode: (bytes, start, end, ascii) =>
      ascii && sharesAscii ? bytes.toString("latin1", start, end) : decode(bytes, start, end),
  };
}

function utf16(bigEndian: boolean): Decoder {
  const decoder = new TextDecoder(bigEndian ? "utf-16be" : "utf-16le", { ignoreBOM: true });
  const mark = bigEndian ? [0xfe, 0xff] : [0xff, 0xfe];
  return {
    unit: 2,
    lineFeed: bigEndian ? [0x00, 0x0a] : [0x0a, 0x00],
    markLength: (first) => (first[0] === mark[0] && first[1] === mark[1] ? 2 : 0),
    cutAt: (bytes, end) => (((bytes[end - (bigEndian ? 2 : 1)] ?? 0) & 0xfc) === 0xd8 ? end - 2 : end),
    decode: (bytes, start, end) => decoder.decode(bytes.subarray(start, end)),
  };
}

/** Back before the bytes of a character that goes on at `end`; broken bytes stay where they are. */
function utf8Cut(bytes: Uint8Array, end: number): number {
  let cut = end;
  while (end - cut < 3 && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut--;
  return (bytes[cut] ?? 0) >= 0xc0 ? cut : end;
}

function utf8Mark(first: Uint8Array): number {
  return first[0] === 0xef && first[1] === 0xbb && first[2] === 0xbf ? 3 : 0;
}
