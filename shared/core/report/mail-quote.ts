/**
 * Text of others inside a mail of ours: log lines are a client's words, whois answers a stranger's. Nothing in them may
 * steer a terminal, turn the reading direction, end a header, or pass for our own words.
 */

/** Longest line quoted, in characters. */
const LONGEST_LINE = 1_000;

/** Marks what stands here in the place of a character that is not for people. */
const SUBSTITUTE = "·";

/** One line for a header or a table: line ends and other control characters out, cut to `longest` characters. */
export function oneLine(text: string, longest = LONGEST_LINE): string {
  const plain = visible(text.slice(0, longest * 4).replace(/[\r\n\t]+/g, " ")).trim();
  const characters = [...plain];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : plain;
}

/** The lines of a text, each indented, so that none of them reads like ours; what is over `most` lines is told, not shown. */
export function quoted(texts: readonly string[], most: number): readonly string[] {
  const lines = texts.flatMap((text) => text.split(/\r\n|\n/));
  const shown = lines.slice(0, most).map((line) => `  ${oneLine(line)}`.trimEnd());
  return lines.length > most ? [...shown, `(and ${lines.length - most} more lines)`] : shown;
}

/** Every control, format, private or broken character is made a dot, and so are Unicode's own line ends. */
function visible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, SUBSTITUTE);
}
