import { describe, expect, it } from "vitest";
import { parseJournalEntry } from "../../../shared/core/journal/entry.ts";
import { matchesEntry, parseJournalMatch } from "../../../shared/core/journal/match.ts";

const entryOf = (fields: Readonly<Record<string, unknown>>) =>
  parseJournalEntry(JSON.stringify({ MESSAGE: "x", _PID: "1", ...fields }))!;
const holds = (lines: readonly string[], fields: Readonly<Record<string, unknown>>) => {
  const parsed = parseJournalMatch(lines);
  if (parsed.kind === "mistake") throw new Error(parsed.word);
  return matchesEntry(parsed.match, entryOf(fields));
};

describe("a journalmatch", () => {
  it.each<{ name: string; lines: readonly string[]; fields: Readonly<Record<string, unknown>>; expected: boolean }>([
    { name: "none lets all through", lines: [], fields: {}, expected: true },
    { name: "an empty one too", lines: [""], fields: {}, expected: true },
    { name: "a value", lines: ["_COMM=sshd"], fields: { _COMM: "sshd" }, expected: true },
    { name: "another value", lines: ["_COMM=sshd"], fields: { _COMM: "sshd-session" }, expected: false },
    { name: "an absent field", lines: ["_COMM=sshd"], fields: {}, expected: false },
    { name: "different fields, both", lines: ["_COMM=a _UID=0"], fields: { _COMM: "a", _UID: "0" }, expected: true },
    { name: "different fields, one", lines: ["_COMM=a _UID=0"], fields: { _COMM: "a", _UID: "1" }, expected: false },
    { name: "one field twice, either", lines: ["_COMM=a _COMM=b"], fields: { _COMM: "b" }, expected: true },
    { name: "an alternative", lines: ["_UID=0 + _COMM=b"], fields: { _COMM: "b", _UID: "9" }, expected: true },
    { name: "a further line", lines: ["_UID=0", "_COMM=b"], fields: { _COMM: "b", _UID: "9" }, expected: true },
    { name: "a quoted value", lines: ['"_COMM=two words"'], fields: { _COMM: "two words" }, expected: true },
    { name: "one of several values", lines: ["_COMM=b"], fields: { _COMM: ["a", "b"] }, expected: true },
    { name: "a number", lines: ["_UID=0"], fields: { _UID: 0 }, expected: true },
  ])("$name", ({ lines, fields, expected }) => expect(holds(lines, fields)).toBe(expected));

  it.each(["sshd", "--vacuum-size=1", "comm=x", "=x", "/usr/bin/sshd"])("is not %s", (word) =>
    expect(parseJournalMatch([`_COMM=a ${word}`])).toEqual({ kind: "mistake", word }),
  );

  it("is said again in journalctl's words", () => {
    expect(parseJournalMatch(["_UID=0 _COMM=a + _COMM=b", "'_COMM=c d'"])).toMatchObject({
      words: ["_UID=0", "_COMM=a", "+", "_COMM=b", "+", "_COMM=c d"],
    });
  });
});
