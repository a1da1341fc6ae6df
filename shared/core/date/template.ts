/** One way to write a date: a line of a jail's datepattern, or one of the defaults, before it is compiled. */
import { type BoundRegex, boundRegex } from "./bounds.ts";
import { expandTokens } from "./tokens.ts";

/** How the text of a match becomes an instant. */
export type Reading =
  /** Named groups by strptime letter. */
  | { readonly kind: "fields" }
  /** Seconds since 1970 in a group; `long` also takes 13 digits as milliseconds and 16 as microseconds. */
  | { readonly kind: "epoch"; readonly long: boolean; readonly group: number }
  /** External TAI64N: "@" and 24 hexadecimal digits, in group 1. */
  | { readonly kind: "tai64n" };

export interface Template extends BoundRegex {
  /** As Fail2Ban shows it: the pattern with its words spelled out. Unique within a detector. */
  readonly name: string;
  readonly reading: Reading;
  /** The text that stands for this template inside another pattern, as `{DATE}`. */
  readonly pattern: string;
  /** Where its distance from the line's begin is counted: from group 1, if what comes before only has to be there. */
  readonly distanceFrom: "match" | "group";
}

const LINE_BEGIN_PREFIX = "{^LN-BEG}";
const UNBOUND_PREFIX = "{UNB}";
const EPOCH_WORD = /(?<!\\)\{L?EPOCH\}/i;
const EPOCH_WORDS = new RegExp(EPOCH_WORD, "gi");
const SECONDS = "[0-9]{10,11}";
const FRACTION = "(?:\\.[0-9]{3,6})?";
const LONG_EPOCH = `${SECONDS}(?:[0-9]{3}(?:\\.[0-9]{1,6}|[0-9]{3})?)?`;

/** The template of a pattern, or a text that says what is wrong with it. `year` bounds %ExY (see tokens.ts). */
export function templateOf(pattern: string, year: number | undefined): Template | string {
  const word = pattern.includes("%") ? pattern : pattern.toUpperCase();
  if (word.includes("EPOCH") && EPOCH_WORD.test(pattern)) return epochInside(pattern, word.includes("LEPOCH"));
  switch (word) {
    case "EPOCH":
    case "LEPOCH":
      return epochAnywhere(word === "LEPOCH");
    case "{^LN-BEG}EPOCH":
    case "^EPOCH":
    case "{^LN-BEG}LEPOCH":
    case "^LEPOCH":
      return epochAtBegin(word.includes("LEPOCH"));
    case "TAI64N":
    case "{^LN-BEG}TAI64N":
    case "^TAI64N":
      return tai64n(word !== "TAI64N");
    default:
      return fieldsTemplate(word === "{NONE}" ? `${UNBOUND_PREFIX}^` : pattern, year);
  }
}

/** The same date, bound to the begin of the line; the template itself where it already is. */
export function atLineBegin(template: Template, year: number | undefined): Template {
  const pattern = template.reading.kind === "fields" ? template.pattern : template.name;
  if (pattern.startsWith(LINE_BEGIN_PREFIX) || pattern.startsWith("^")) return template;
  return templateOf(LINE_BEGIN_PREFIX + pattern, year) as Template;
}

/** The pattern without the marks that bind it to a place: what `{DATE}` inside another pattern is replaced by. */
export function unboundPattern(template: Template): string {
  const pattern = template.reading.kind === "fields" ? template.pattern : template.name;
  return pattern.replace(UNBOUND_PREFIX, "").replace(LINE_BEGIN_PREFIX, "");
}

function fieldsTemplate(written: string, year: number | undefined): Template | string {
  const unbound = written.startsWith(UNBOUND_PREFIX);
  const marked = unbound ? written.slice(UNBOUND_PREFIX.length) : written;
  const lineBegin = !unbound && marked.startsWith(LINE_BEGIN_PREFIX);
  const pattern = (lineBegin ? marked.slice(LINE_BEGIN_PREFIX.length) : marked).trim();
  const expansion = expandTokens(pattern, year);
  if (typeof expansion === "string") return expansion;
  const bound = boundRegex(expansion.regex, unbound ? "none" : lineBegin ? "line" : "word", unbound ? "none" : "word");
  const name = (bound.begin === "line" ? LINE_BEGIN_PREFIX : "") + expansion.name;
  return { ...bound, name, reading: { kind: "fields" }, pattern: written, distanceFrom: "match" };
}

/** `{EPOCH}` and `{LEPOCH}` as part of a larger pattern: all that matches is cut out, the number is what counts. */
function epochInside(pattern: string, long: boolean): Template {
  // A word bound ends the digits: "1700000000x" is no time.
  const number = long ? LONG_EPOCH : `${SECONDS}\\b${FRACTION}`;
  const bound = boundRegex(`(${pattern.replace(EPOCH_WORDS, `(${number})`)})`, "word", "word");
  return { ...bound, name: pattern, reading: { kind: "epoch", long, group: 2 }, pattern, distanceFrom: "match" };
}

/** Epoch seconds where they can hardly be anything else: at the begin, there in brackets, or in an SELinux audit stamp. */
function epochAnywhere(long: boolean): Template {
  const number = long ? LONG_EPOCH : SECONDS + FRACTION;
  const bound = boundRegex(`(?:^|^\\[|(?:^|\\W)audit\\()(${number})`, "none", "word");
  const name = long ? "LongEpoch" : "Epoch";
  const reading = { kind: "epoch", long, group: 1 } as const;
  return { ...bound, anchored: false, name, reading, pattern: name, distanceFrom: "group" };
}

function epochAtBegin(long: boolean): Template {
  const bound = boundRegex(`(${long ? LONG_EPOCH : SECONDS + FRACTION})`, "line", "word");
  const name = `${LINE_BEGIN_PREFIX}${long ? "LongEpoch" : "Epoch"}`;
  return { ...bound, name, reading: { kind: "epoch", long, group: 1 }, pattern: name, distanceFrom: "match" };
}

function tai64n(lineBegin: boolean): Template {
  const bound = boundRegex("(@[0-9a-f]{24})", lineBegin ? "line" : "none", "word");
  const name = lineBegin ? `${LINE_BEGIN_PREFIX}TAI64N` : "TAI64N";
  return { ...bound, name, reading: { kind: "tai64n" }, pattern: name, distanceFrom: "match" };
}
