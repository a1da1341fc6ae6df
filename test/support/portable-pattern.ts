/**
 * Whether a pattern means the same to Java's regex (which the SSM service runs) and Go's (which its agent runs).
 *
 * It knows the constructs that both have with one meaning and refuses everything else by name, so a construct that
 * nobody thought of is refused too.
 */

export type Verdict = { readonly kind: "portable" } | { readonly kind: "refused"; readonly reason: string };

/** Escapes that stand for the same single character in both, and in JavaScript. */
const SAME_ESCAPES = /^\\[tnrf\\.^$|?*+()[\]{}/-]/;

const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^\(\?(?:[=!]|<[=!])/, "look-around: Go has none"],
  [/^\(\?>/, "atomic group: Go has none"],
  [/^\(\?P?</, "named group: spelled differently"],
  [/^\(\?[a-zA-Z-]/, "flags: their letters differ"],
  [/^(?:[*+?]|\{\d+(?:,\d*)?\})\+/, "possessive quantifier: Go has none"],
  [/^\\[QE]/, "quoting: \\Q is refused inside Go's classes"],
  [/^\\[hHRXGkN]/, "an escape of Java's alone"],
  [/^\\[vV]/, "\\v: a class in Java, one character in Go"],
  [/^\\[1-9]/, "back-reference: Go has none"],
  [/^\\[dDwWsS]/, "\\d, \\w, \\s: Java's \\s has \\v, Go's has not; write the class out"],
  [/^\\[bB]/, "\\b: of Unicode in Java, of ASCII in Go"],
  [/^\\[zZAaec0xup]/i, "an escape that one of them lacks, or spells differently"],
];

export function judgePattern(pattern: string): Verdict {
  const refuse = (reason: string): Verdict => ({ kind: "refused", reason });
  if (/[^ -~]/.test(pattern)) return refuse("not ASCII: case and width of other characters differ");
  if (!pattern.startsWith("^") || !/(?:^|[^\\])\$$/.test(pattern))
    return refuse("not anchored: Java asks for all of a value, Go for a part");
  let rest = pattern;
  let inClass = false;
  while (rest !== "") {
    const found = REFUSED.find(([construct]) => (!inClass || rest.startsWith("\\")) && construct.test(rest));
    if (found !== undefined) return refuse(found[1]);
    const step = inClass ? classStep(rest, refuse) : plainStep(rest, refuse);
    if (typeof step !== "number") return step;
    if (!inClass && rest.startsWith("[")) inClass = true;
    else if (inClass && rest.startsWith("]")) inClass = false;
    rest = rest.slice(step);
  }
  return inClass ? refuse("an open class") : { kind: "portable" };
}

function plainStep(rest: string, refuse: (reason: string) => Verdict): number | Verdict {
  if (rest.startsWith("\\")) return SAME_ESCAPES.test(rest) ? 2 : refuse(`the escape ${rest.slice(0, 2)}`);
  if (/^\[\^?\]/.test(rest)) return refuse("a class that begins with ]: empty or literal");
  const opening = /^\[\^?/.exec(rest);
  if (opening !== null) return opening[0].length;
  const counted = /^\{(\d+)(?:,(\d*))?\}/.exec(rest);
  if (counted !== null) {
    const most = Math.max(Number(counted[1]), Number(counted[2] ?? 0));
    return most > 1000 ? refuse("a count above 1000: Go's limit") : counted[0].length;
  }
  if (/^[{}]/.test(rest)) return refuse("a bare brace: Java refuses it");
  if (rest.startsWith(".")) return refuse("a dot: Java's does not take \\r, \\u0085 and others");
  return rest.startsWith("(?:") ? 3 : 1;
}

function classStep(rest: string, refuse: (reason: string) => Verdict): number | Verdict {
  if (rest.startsWith("\\")) return SAME_ESCAPES.test(rest) ? 2 : refuse(`the escape ${rest.slice(0, 2)}`);
  if (rest.startsWith("&&")) return refuse("&&: an intersection in Java, two characters in Go");
  if (rest.startsWith("[")) return refuse("[ in a class: a union in Java, POSIX or a character in Go");
  return 1;
}
