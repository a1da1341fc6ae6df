/**
 * A jail's `journalmatch`, as journalctl reads it: FIELD=VALUE words, of which those of one field are alternatives, those
 * of different fields must all hold, and `+` begins a further alternative.
 */
import { splitShellWords } from "../config/shell-words.ts";
import type { JournalEntry } from "./entry.ts";

/** Alternatives; each gives the values that a field may have. Empty = every entry. */
export type JournalMatch = readonly ReadonlyMap<string, ReadonlySet<string>>[];

export type ParsedJournalMatch =
  | { readonly kind: "match"; readonly match: JournalMatch; readonly words: readonly string[] }
  | { readonly kind: "mistake"; readonly word: string };

/** Names of fields, as the journal has them. */
const WORD = /^([A-Z_0-9]{1,64})=([\s\S]*)$/;

/** Reads all lines of the option, which are alternatives too; `words` say the same on a command line of journalctl. */
export function parseJournalMatch(lines: readonly string[]): ParsedJournalMatch {
  const alternatives: Map<string, Set<string>>[] = [];
  for (const line of lines) {
    let open: Map<string, Set<string>> | undefined;
    for (const word of splitShellWords(line)) {
      if (word === "+") {
        open = undefined;
        continue;
      }
      const [, field, value] = WORD.exec(word) ?? [];
      if (field === undefined) return { kind: "mistake", word };
      if (open === undefined) {
        open = new Map();
        alternatives.push(open);
      }
      open.set(field, (open.get(field) ?? new Set()).add(value!));
    }
  }
  const words = alternatives.flatMap((alternative, index) => [
    ...(index === 0 ? [] : ["+"]),
    ...[...alternative].flatMap(([field, values]) => [...values].map((value) => `${field}=${value}`)),
  ]);
  return { kind: "match", match: alternatives, words };
}

export function matchesEntry(match: JournalMatch, entry: JournalEntry): boolean {
  if (match.length === 0) return true;
  return match.some((alternative) =>
    [...alternative].every(([field, wanted]) => entry.values(field).some((value) => wanted.has(value))),
  );
}
