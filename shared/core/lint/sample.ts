/**
 * A sample: one short text that a regex probably matches, made from its tree. It serves as a witness, so whoever uses it
 * lets the real matcher say whether it matches; look-around is passed over.
 */
import type { CharacterClass, ClassItem, Regex, RegexNode } from "../regex/tree.ts";

/** What the groups that name a culprit are filled with: "ip4" → "192.0.2.1". Other groups are made from their body. */
export type Fillings = Readonly<Record<string, string>>;

const CANDIDATES = [..."1ax -_./:,'\"()[]<>@#+=%&A"].map((char) => char.codePointAt(0)!);

/** One text for the regex; alternatives give their first branch, repeats their least count. */
export function sampleOf(regex: Regex, fillings: Fillings): string {
  const captured = new Map<number, string>();
  return write(regex.root, fillings, captured);
}

function write(node: RegexNode, fillings: Fillings, captured: Map<number, string>): string {
  switch (node.kind) {
    case "literal":
      return String.fromCodePoint(node.code);
    case "any":
      return "x";
    case "class":
      return sampleCharacter(node);
    case "anchor":
    case "look":
      return "";
    case "sequence":
      return node.items.map((item) => write(item, fillings, captured)).join("");
    case "alternation":
      return write(node.branches[0]!, fillings, captured);
    case "group": {
      const text = (node.name === undefined ? undefined : fillings[node.name]) ?? write(node.body, fillings, captured);
      captured.set(node.index, text);
      return text;
    }
    case "repeat":
      return Array.from({ length: Math.min(node.min, 64) }, () => write(node.body, fillings, captured)).join("");
    case "atomic":
      return write(node.body, fillings, captured);
    case "backreference":
      return captured.get(node.group) ?? "";
    case "conditional":
      return write(captured.has(node.group) ? node.matched : node.unmatched, fillings, captured);
  }
}

function sampleCharacter(node: CharacterClass): string {
  const code = [...CANDIDATES, ...node.items.flatMap(first)].find(
    (candidate) => node.items.some((item) => holds(item, candidate)) !== node.negated,
  );
  return code === undefined ? "" : String.fromCodePoint(code);
}

function first(item: ClassItem): number[] {
  return item.kind === "range" ? [item.from] : [];
}

function holds(item: ClassItem, code: number): boolean {
  if (item.kind === "range") return item.from <= code && code <= item.to;
  const expression = { digit: /\d/u, space: /\s/u, word: /\w/u }[item.category];
  return expression.test(String.fromCodePoint(code)) !== item.negated;
}
