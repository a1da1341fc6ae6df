/**
 * Injection: a line in which a text that a client chose makes the filter take another address.
 *
 * A client knows the filter. What it writes is made of what the filter looks for: a whole line of it, or the rest of the
 * line from the client's text on, both with the framed address. Each try is put to the real matcher, so what comes out
 * is proof; that nothing comes out is no proof of the contrary.
 */
import { explainLine } from "../filter/explain.ts";
import type { CompiledFilter } from "../filter/matcher.ts";
import { cutSamples } from "./witness.ts";

/** A log line with the texts in it that a client chooses: every other part is the program's own. */
export interface MarkedLine {
  /** The program's texts, around and between the fields: one more than there are fields. */
  readonly texts: readonly string[];
  /** What the client wrote in the sample. */
  readonly fields: readonly string[];
}

/** Reads a line in which the client's texts stand in {{double braces}}; undefined where there are none. */
export function parseMarkedLine(text: string): MarkedLine | undefined {
  const parts = text.split(/\{\{(.*?)\}\}/);
  if (parts.length === 1) return undefined;
  return { texts: parts.filter((_, index) => index % 2 === 0), fields: parts.filter((_, index) => index % 2 === 1) };
}

/** The line as it was written, with one field changed where that is asked for. */
export function writeLine({ texts, fields }: MarkedLine, changed?: { readonly field: number; readonly text: string }) {
  const written = fields.map((text, index) => (index === changed?.field ? changed.text : text));
  return texts.map((text, index) => text + (written[index] ?? "")).join("");
}

/** Whom the filter takes for the culprit in a line without a line end, at `now` (epoch ms). */
export function culpritOf(filter: CompiledFilter, line: string, now: number): string | undefined {
  const { outcome, hits } = explainLine(filter, line, now);
  const identity = outcome === "matched" ? hits[0]?.identity : undefined;
  return identity?.kind === "address" ? identity.id : undefined;
}

/** Looks for a text in one of the fields that makes the filter take `framed`; gives the whole line. */
export function findForgery(
  filter: CompiledFilter,
  line: MarkedLine,
  { framed, now }: { readonly framed: string; readonly now: number },
): string | undefined {
  for (const field of line.fields.keys()) {
    for (const text of forgeries(filter, framed)) {
      const forged = writeLine(line, { field, text });
      if (culpritOf(filter, forged, now) === framed) return forged;
    }
  }
  return undefined;
}

const MARK = "\u{f8ff}";

/** What a client would write to have `framed` taken. */
function forgeries(filter: CompiledFilter, framed: string): readonly string[] {
  const wholes = cutSamples(filter, framed);
  const chosen = new Set(filter.failregex.flatMap(({ groupNames }) => groupNames.filter(isChosen)));
  const rests = [...chosen].flatMap((name) =>
    cutSamples(filter, framed, { [name]: MARK }).flatMap((whole) => whole.split(MARK).slice(1, 2)),
  );
  // From the words before the framed address on: "… from 192.0.2.1", behind whatever the client has to give first.
  const tails = wholes.flatMap((whole) => {
    const before = whole.slice(0, whole.indexOf(framed)).split(" ").slice(-3);
    return before.map((_, index) => before.slice(index).join(" ") + whole.slice(whole.indexOf(framed)));
  });
  const texts = new Set([...rests, ...[...tails, ...wholes].map((text) => ` ${text.trim()}`)]);
  return [...texts].flatMap((text) => [`x${text}`, `x${text} x`]);
}

/** Groups that hold what a client says of itself. */
export function isChosen(group: string): boolean {
  return /user/.test(group);
}
