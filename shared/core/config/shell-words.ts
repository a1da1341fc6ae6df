/** Words of a `journalmatch`, quoted as in a shell: `_SYSTEMD_UNIT=a.service + "MESSAGE=two words"`. */

const WORD_PART = /(\s+)|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)|([\s\S])/g;

/** Splits a line into words; an unclosed quote stands for itself. */
export function splitShellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [, space, single, double, escaped, plain, stray] of line.matchAll(WORD_PART)) {
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const part = single ?? double?.replace(/\\(["\\])/g, "$1") ?? escaped ?? plain ?? stray ?? "";
    word = (word ?? "") + part;
  }
  if (word !== undefined) words.push(word);
  return words;
}
