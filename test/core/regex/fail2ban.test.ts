/** Fail2Ban's own filters, on its own annotated lines: what translates, and that it finds what Python finds. */
import { beforeAll, describe, expect, it } from "vitest";
import { compileTagged } from "../../../shared/core/regex/compile.ts";
import { createForms } from "../../../shared/core/regex/forms.ts";
import { expandTags } from "../../../shared/core/regex/host-tags.ts";
import { requiredLiterals } from "../../../shared/core/regex/literals.ts";
import { parseRegex } from "../../../shared/core/regex/parse.ts";
import { compileSet } from "../../../shared/core/regex/regex-set.ts";
import type { Feature } from "../../../shared/core/regex/translate.ts";
import { available } from "../../support/require.ts";
import { type CorpusRegex, expectFound, readCorpus } from "./fail2ban-corpus.ts";
import { holds } from "./holds.ts";

/** What RE2 cannot have by its nature; everything else in the filters must run on it. */
const BEYOND_RE2: readonly Feature[] = ["look-ahead", "look-behind", "back-reference", "conditional"];

describe.runIf(available(["python3", "fail2ban-regex"]))("the filters of the installed Fail2Ban", () => {
  let corpus: readonly CorpusRegex[] = [];
  beforeAll(() => {
    corpus = readCorpus();
    expect(corpus.length).toBeGreaterThan(200);
  });

  it("has its tags expanded as Fail2Ban does", () => {
    for (const { raw, expanded, usedns } of corpus) {
      // Its look-behind before the last colon of an IPv6 address always holds.
      expect(expandTags(raw, { usedns })).toBe(expanded.replaceAll("(?<=:):", ":"));
    }
  });

  it("runs on RE2 but for what RE2 lacks, and that on our own matcher", () => {
    const reasons = new Map<string, number>();
    for (const regex of corpus) {
      const compilation = compile(regex);
      if (compilation.kind !== "ok") throw new Error(`${regex.raw}: ${JSON.stringify(compilation)}`);
      if (compilation.regex.engine === "re2") continue;
      const forms = createForms(compilation.regex.tree, { lines: linesIn(regex) });
      const lacking = forms.kind === "unsupported" ? forms.features : [];
      const features = [...new Set(lacking.map(({ feature }) => feature))].sort();
      expect(features, regex.raw).not.toEqual([]);
      expect(
        features.filter((feature) => !BEYOND_RE2.includes(feature)),
        regex.raw,
      ).toEqual([]);
      reasons.set(features.join(" "), (reasons.get(features.join(" ")) ?? 0) + 1);
    }
    const linear = [...reasons.values()].reduce((sum, count) => sum + count, 0);
    console.log(`${linear} of ${corpus.length} regexes are beyond RE2: ${JSON.stringify([...reasons])}`);
    expect(linear).toBeGreaterThan(20);
    expect(linear).toBeLessThan(corpus.length * 0.15);
  });

  it("finds what Python finds, with the same groups", () => {
    let compared = 0;
    let hits = 0;
    for (const regex of corpus) {
      const compilation = compile(regex);
      if (compilation.kind !== "ok") continue;
      for (const search of regex.searches) {
        expectFound(compilation.regex.exec(search.text), search, regex.raw);
        compared += 1;
        if (search.found !== null) hits += 1;
      }
    }
    console.log(`${compared} searches compared, ${hits} hits`);
    expect(hits).toBeGreaterThan(1000);
  });

  it("has literals that every matched line contains, and screens that let it through", () => {
    let held = 0;
    for (const regex of corpus) {
      const tree = parseRegex(expandTags(regex.raw, regex), { multiline: regex.multiline });
      const choices = requiredLiterals(tree);
      const compilation = compile(regex);
      if (compilation.kind === "error") throw new Error(compilation.message);
      const screen = compileSet([compilation.kind === "ok" ? compilation.regex.screen : compilation.screen]);
      for (const { text, found } of regex.searches) {
        if (found === null) continue;
        expect(
          choices.filter((choice) => !holds(choice, text)),
          `${regex.raw}\n${text}`,
        ).toEqual([]);
        expect(screen.match(text)).toEqual([0]);
        held += choices.length;
      }
    }
    expect(held).toBeGreaterThan(1000);
  });

  it("has such literals for nearly all failregexes", () => {
    const without = corpus.filter(
      ({ raw, usedns }) => requiredLiterals(parseRegex(expandTags(raw, { usedns }))).length === 0,
    );
    expect(without.length).toBeLessThan(corpus.length * 0.05);
  });
});

function compile({ raw, usedns, multiline, searches }: CorpusRegex) {
  return compileTagged(raw, { usedns, multiline, lines: linesIn({ multiline, searches }) });
}

function linesIn({ multiline, searches }: Pick<CorpusRegex, "multiline" | "searches">): boolean {
  return multiline || searches.some(({ text }) => text.slice(0, -1).includes("\n"));
}
