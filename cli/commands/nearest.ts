/** The nearest known word to a mistyped one, as a hint. */

/** "Did you mean bantime?", or the whole list where nothing is near. */
export function nearest(word: string, known: readonly string[]): string {
  const ranked = known.map((each) => ({ each, distance: editDistance(word, each) }));
  ranked.sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best !== undefined && best.distance <= Math.max(2, word.length / 3)) return `Did you mean ${best.each}?`;
  return `There are: ${known.join(", ")}`;
}

/** Levenshtein's distance; words are short, so one row of the table is enough. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
