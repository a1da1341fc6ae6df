import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNarrowing } from "../../../shared/core/filter/narrowing.ts";
import { compileTagged } from "../../../shared/core/regex/compile.ts";
import { mergeGroups } from "../../../shared/core/regex/host-tags.ts";

const compiled = (text: string) => {
  const compilation = compileTagged(text);
  if (compilation.kind !== "ok") throw new Error(text);
  return compilation.regex;
};

/** The content and groups as the whole regex captures them. */
function captured(text: string, cut: string) {
  const match = compiled(text).exec(cut);
  if (match === undefined) return undefined;
  const { content, ...groups } = mergeGroups(match.groups);
  return { content: content ? `${content}\n` : cut, groups };
}

const PREFREGEXES = [
  "^app: <F-CONTENT>.+</F-CONTENT>$",
  "^(?:a|ab)(?P<x>b*)<F-CONTENT>.+</F-CONTENT>$",
  "a+?<F-CONTENT>.+</F-CONTENT>",
  "(?i)^A*(?P<x>[ab ]*)<F-CONTENT>.+</F-CONTENT>$",
  "^<F-CONTENT>.+</F-CONTENT>$",
  "^a<F-CONTENT>.*</F-CONTENT>$",
  "^a<F-CONTENT>.+</F-CONTENT> b$",
  "^a<F-CONTENT>.+?</F-CONTENT>$",
  "^a b",
  "^(?:a<F-CONTENT>.+</F-CONTENT>|b)$",
];

describe("a prefregex at work", () => {
  const words = fc.constantFrom("a", "b", "A", " ", "app: ", "é", "😀", "\r", "\u2028", "x");
  const line = fc.array(words, { maxLength: 8 }).map((parts) => `${parts.join("")}\n`);

  it.each(PREFREGEXES)("%s gives what it captures as a whole", (text) => {
    const narrowing = createNarrowing(compiled(text));
    fc.assert(
      fc.property(line, (cut) => {
        expect(narrowing(cut)).toEqual(captured(text, cut));
      }),
      { numRuns: 300 },
    );
  });
});
