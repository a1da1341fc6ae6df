/** Unicode as Python has it: categories, folding of case, and word boundaries. */
import { execFileSync } from "node:child_process";
import RE2 from "re2";
import { beforeAll, describe, expect, it } from "vitest";
import { createAlphabet } from "../../../shared/core/regex/boundary.ts";
import { caseVariants } from "../../../shared/core/regex/casefold.ts";
import { inCategory, takes, unicodeRanges } from "../../../shared/core/regex/character.ts";
import { compileRegex } from "../../../shared/core/regex/compile.ts";
import { parseRegex } from "../../../shared/core/regex/parse.ts";
import { includes } from "../../../shared/core/regex/ranges.ts";
import { unicodeClass } from "../../../shared/core/regex/re2-class.ts";
import { SAFE_SIZE, sizeOf } from "../../../shared/core/regex/size.ts";
import type { Category, Character, CharacterClass } from "../../../shared/core/regex/tree.ts";
import { available } from "../../support/require.ts";

const PROGRAM = `
import json, re, sys, unicodedata
known = [c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
text = "".join(map(chr, known))
members = {name: [ord(c) for c in re.findall(name, text)] for name in ("\\\\d", "\\\\s", "\\\\w")}
cased = [chr(c) for c in known if chr(c).lower() != chr(c) or chr(c).upper() != chr(c)]
alike = "".join(cased)
variants = {ord(c): [ord(x) for x in re.findall(c, alike, re.I)] for c in cased}
json.dump({"known": known, "members": members, "variants": variants}, sys.stdout)
`;

interface Unicode {
  readonly known: readonly number[];
  readonly members: Readonly<Record<string, readonly number[]>>;
  readonly variants: Readonly<Record<string, readonly number[]>>;
}

const CATEGORIES: readonly (readonly [string, Category])[] = [
  ["\\d", "digit"],
  ["\\s", "space"],
  ["\\w", "word"],
];

describe.runIf(available(["python3"]))("beside Python, over all characters that it knows", () => {
  let unicode: Unicode = { known: [], members: {}, variants: {} };
  beforeAll(() => {
    unicode = JSON.parse(execFileSync("/usr/bin/python3", ["-c", PROGRAM], { maxBuffer: 1 << 28, encoding: "utf8" }));
    expect(unicode.known.length).toBeGreaterThan(200_000);
  });

  it.each(CATEGORIES)("%s has the same members, here and in RE2", (name, category) => {
    const expected = new Set(unicode.members[name]);
    const re2 = new RE2(`\\A${unicodeClass(parseRegex(name).root as Character)}\\z`, "u");
    const not = new RE2(`\\A${unicodeClass(parseRegex(name.toUpperCase()).root as Character)}\\z`, "u");
    for (const code of unicode.known) {
      const member = expected.has(code);
      if (inCategory(category, code, false) !== member)
        expect.fail(`${name} and U+${code.toString(16)}: Python says ${member}`);
      // RE2 is asked for those where the answer is yes, and some of the others.
      if (!member && code % 16 !== 0) continue;
      const text = String.fromCodePoint(code);
      if (re2.test(text) !== member || not.test(text) === member)
        expect.fail(`RE2, ${name} and U+${code.toString(16)}`);
    }
  });

  it("folds case the same", () => {
    const known = new Set(unicode.known);
    for (const [code, variants] of Object.entries(unicode.variants)) {
      const ours = caseVariants(Number(code), false).filter((variant) => known.has(variant));
      expect([...ours].sort(), `U+${Number(code).toString(16)}`).toEqual([...variants].sort());
    }
  });
});

describe("a class", () => {
  it.each([
    "[\\W_]",
    "[^\\W\\d]",
    "(?i)[a-z]",
    "(?i)[^k]",
    "(?i)[à-ÿ]",
    "(?ia)[a-z]",
    "[\\S ]",
    "(?i)ß",
    "(?a)[^\\w]",
    "(?i)[\\Wk]",
  ])("%s takes the same character by character, as ranges, and in RE2", (pattern) => {
    const node = parseRegex(pattern).root as CharacterClass;
    const ranges = unicodeRanges(node);
    const re2 = new RE2(`\\A${unicodeClass(node)}\\z`, "u");
    for (let code = 0; code < 0x2200; code += 1) {
      const expected = takes(node, code);
      if (includes(ranges, code) !== expected) expect.fail(`ranges: U+${code.toString(16)}`);
      if (re2.test(String.fromCodePoint(code)) !== expected) expect.fail(`RE2: U+${code.toString(16)}`);
    }
  });
});

describe("a word boundary", () => {
  it.each<{ pattern: string; text: string; found: string | undefined }>([
    { pattern: "\\bb", text: "éb", found: undefined },
    { pattern: "\\Bb", text: "éb", found: "b" },
    { pattern: "\\w+\\b", text: "-naïve-", found: "naïve" },
    { pattern: "\\bé", text: "é", found: "é" },
    { pattern: "\\b\\d+\\b", text: "a٣ ٣٤", found: "٣٤" },
    { pattern: "\\b[0-9]+\\b", text: "٣1 12", found: "12" },
    { pattern: "[a-f0-9]\\b", text: "aß 0", found: "0" },
    { pattern: "\\b.\\b", text: "𝒳", found: "𝒳" },
    { pattern: "\\b.b\\b", text: "–𝒳b–", found: "𝒳b" },
    { pattern: "(?a)b\\b", text: "bé", found: "b" },
    { pattern: "(?i)k\\b", text: "Ké K", found: "K" },
    { pattern: "a\\b", text: "a–é", found: "a" },
    { pattern: "<b>\\b", text: "<b>é", found: "<b>" },
  ])("$pattern in $text", ({ pattern, text, found }) => {
    for (const positions of [false, true]) {
      const compilation = compileRegex(pattern, { positions });
      if (compilation.kind !== "ok") throw new Error(compilation.kind);
      const match = compilation.regex.exec(text);
      expect(match && text.slice(match.index, match.end)).toBe(found);
      expect(compilation.regex.test(text)).toBe(found !== undefined);
    }
  });

  it("needs an alphabet, which a pattern can exhaust", () => {
    const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"];
    expect(createAlphabet(parseRegex(`\\b${letters.slice(3).join("")}`))).toBeDefined();
    expect(createAlphabet(parseRegex(`\\b${letters.join("")}é`))).toBeUndefined();
    const compilation = compileRegex(`\\bé|${letters.join("")}`);
    expect(compilation.kind === "ok" && compilation.regex.exec("- é")?.index).toBe(undefined);
  });
});

describe("the size of a program", () => {
  it.each([
    "\\w",
    "\\W",
    "\\d",
    "\\D",
    "\\s",
    "\\S",
    "[^\\s\\w]",
    "(?i)k",
    "é",
    ".",
    "(?s:.)",
    "[\\w-]",
    "[^a]",
    "[à-ÿ]",
    "(?i)[a-z]",
  ])("of many %s: what is thought safe does compile", (pattern) => {
    const { root } = parseRegex(`(?:${pattern.replace(/^\(\?i\)/, "")})`, { ignoreCase: pattern.startsWith("(?i)") });
    const count = Math.min(1000, Math.floor(SAFE_SIZE / sizeOf(root)));
    expect(() => new RE2(`${unicodeClass(root as Character)}{${count}}`, "u")).not.toThrow();
  });
});
