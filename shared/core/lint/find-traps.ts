/**
 * Two traps that a HAProxy filter falls into, each shown by a line as proof: blind where a syslog date in front is cut
 * instead of the accept date, and injectable where a client's own header can name another address.
 */
import type { Problem } from "../config/problem.ts";
import { explainLine } from "../filter/explain.ts";
import type { CompiledFilter } from "../filter/matcher.ts";
import { cutSamples, HEADS, requestWithAgent, WITNESS_NOW, withAcceptDate } from "./witness.ts";

const CLIENT = "198.51.100.7";
const FRAMED = "203.0.113.66";

/** The traps of one compiled filter, as warnings; a filter that does not speak of HAProxy has none that we can show. */
export function findTraps(filter: CompiledFilter): Problem[] {
  return [findBlindness(filter), findInjection(filter)].flatMap((problem) => problem ?? []);
}

function findBlindness(filter: CompiledFilter): Problem | undefined {
  for (const sample of cutSamples(filter, CLIENT)) {
    const line = withAcceptDate(sample);
    if (line === undefined || !hits(filter, line, CLIENT)) continue;
    const head = HEADS.find(({ text }) => !hits(filter, text + line, CLIENT));
    if (head === undefined) continue;
    return {
      ...at(filter),
      code: "blind-filter",
      message:
        `the filter never hits on lines with an ${head.name} head: only the first date of a line is cut out before it is ` +
        `matched, there that is the head's, and the accept date stays in its brackets; missed: ${head.text}${line.trimEnd()}`,
      next: "Write the brackets so that they may hold a date or not, \\[[^\\]]*\\] instead of \\[\\.*\\]; prove it with: fleet2ban regex LOG FILTER",
    };
  }
  return undefined;
}

function findInjection(filter: CompiledFilter): Problem | undefined {
  for (const sample of cutSamples(filter, FRAMED)) {
    const line = requestWithAgent(CLIENT, `x ${sample.trim()} z`);
    const proof = ["", ...HEADS.map((head) => head.text)]
      .map((head) => head + line)
      .find((text) => hits(filter, text, FRAMED));
    if (proof === undefined) continue;
    return {
      ...at(filter),
      code: "injectable-filter",
      message:
        `a client can have another address banned: ${CLIENT} sends a header that names ${FRAMED}, HAProxy captures it, ` +
        `and the filter takes ${FRAMED}; proof: ${proof}`,
      next: "Match the head of the line strictly from ^ instead of ^.*, as config/filter.d/haproxy-common.conf does, or use the haproxy-* jails.",
    };
  }
  return undefined;
}

function hits(filter: CompiledFilter, line: string, address: string): boolean {
  const [first] = explainLine(filter, line, WITNESS_NOW).hits;
  return first?.identity.kind === "address" && first.identity.id === address;
}

function at({ jail }: CompiledFilter) {
  return { severity: "warning", jail: jail.name, place: jail.filter.failregex[0]?.place ?? jail.place } as const;
}
