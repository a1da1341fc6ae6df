/** How large an RE2 program for all of Unicode comes out, roughly and rather too high. */
import { reachesBeyondAscii } from "./character.ts";
import { childrenOf, type RegexNode } from "./tree.ts";

/** RE2 refused at about twice this size when it was measured (403 times \w): whatever is smaller compiles. */
export const SAFE_SIZE = 50_000;

/** Instructions, in UTF-8, of one class that names words, or digits, or anything else beyond ASCII. */
const WORD_SIZE = 260;
const DIGIT_SIZE = 90;
const OTHER_SIZE = 20;

/** The number of instructions that RE2 will need, about. */
export function sizeOf(node: RegexNode): number {
  switch (node.kind) {
    case "literal":
    case "any":
      return reachesBeyondAscii(node) ? OTHER_SIZE : 1;
    case "class": {
      const named = new Set(node.items.map((item) => (item.kind === "category" ? item.category : "range")));
      const words = named.has("word") ? WORD_SIZE : 0;
      const digits = named.has("digit") ? DIGIT_SIZE : 0;
      return words + digits + OTHER_SIZE * node.items.length;
    }
    case "repeat": {
      const copies = Number.isFinite(node.max) ? node.max : node.min + 1;
      return 2 + copies * sizeOf(node.body);
    }
    default:
      return childrenOf(node).reduce((sum, child) => sum + sizeOf(child), 2);
  }
}
