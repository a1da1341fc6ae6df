/** A text as code points, as Python sees it, and the way back to UTF-16 units. */

export interface Input {
  readonly text: string;
  readonly codes: Int32Array;
  /** In code points. */
  readonly length: number;
  /** The UTF-16 place of each code point, and of the end; undefined where they are the same. */
  readonly units: Int32Array | undefined;
}

const SURROGATE = /[\ud800-\udbff]/;

let last: Input = { text: "", codes: new Int32Array(64), length: 0, units: undefined };

/** Reads a text. A jail asks many regexes about one line, so the last text is kept; its array is used again by the next. */
export function inputOf(text: string): Input {
  if (text !== last.text) last = SURROGATE.test(text) ? astral(text) : plain(text);
  return last;
}

function plain(text: string): Input {
  const { length } = text;
  const room = last.codes.length;
  // Room four times too large is a long text's: it is given back.
  const codes = room >= length && room <= 4 * length + 1024 ? last.codes : new Int32Array(length + 64);
  for (let at = 0; at < length; at += 1) codes[at] = text.charCodeAt(at);
  return { text, codes, length, units: undefined };
}

function astral(text: string): Input {
  const codes = new Int32Array(text.length + 64);
  const units = new Int32Array(text.length + 1);
  let length = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.codePointAt(at)!;
    codes[length] = code;
    units[length] = at;
    length += 1;
    at += code > 0xffff ? 2 : 1;
  }
  units[length] = text.length;
  return { text, codes, length, units };
}
