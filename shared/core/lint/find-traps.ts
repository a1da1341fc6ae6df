/**
 * Two traps that a filter falls into, each shown by a line as proof: blind where a syslog date in front of HAProxy's line
 * is cut instead of the accept date, and injectable where a client's own header or user name can name another address.
 */
import type { Problem } from "../config/problem.ts";
import type { CompiledFilter } from "../filter/matcher.ts";
import { culpritOf, findForgery, isChosen, parseMarkedLine, writeLine } from "./forgery.ts";
import {
  cutSamples,
  HEADS,
  requestWithAgent,
  speaksOfHaproxy,
  WITNESS_NOW,
  withAcceptDate,
  withDateInFront,
} from "./witness.ts";

const CLIENT = "198.51.100.7";
const FRAMED = "203.0.113.66";

/** The traps of one compiled filter, as warnings. Only what a line proves is told: no warning is no promise. */
export function findTraps(filter: CompiledFilter): Problem[] {
  return [findBlindness(filter), findInjection(filter)].flatMap((problem) => problem ?? []);
}

function findBlindness(filter: CompiledFilter): Problem | undefined {
  for (const sample of cutSamples(filter, CLIENT).filter(speaksOfHaproxy)) {
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
  const found = findInHeader(filter) ?? findInUserName(filter);
  if (found === undefined) return undefined;
  const { how, proof } = found;
  return {
    ...at(filter),
    code: "injectable-filter",
    message: `a client can have another address banned: ${CLIENT} sends a ${how} that names ${FRAMED}, and the filter takes ${FRAMED}; proof: ${proof}`,
    next: "Match the line strictly from ^ up to the address, without .* and .*?, and on to $ where a client's text follows; or use the haproxy-* jails, which do.",
  };
}

interface Injection {
  readonly how: string;
  readonly proof: string;
}

/** HAProxy writes captured headers as they come. */
function findInHeader(filter: CompiledFilter): Injection | undefined {
  if (!cutSamples(filter, FRAMED).some(speaksOfHaproxy)) return undefined;
  for (const head of ["", ...HEADS.map(({ text }) => text)]) {
    const line = parseMarkedLine(head + requestWithAgent(CLIENT, "{{x}}"));
    const proof = line && findForgery(filter, line, { framed: FRAMED, now: WITNESS_NOW });
    if (proof !== undefined) return { how: "header", proof };
  }
  return undefined;
}

/** What a regex marks as the user's name is what a client gave as one. */
function findInUserName(filter: CompiledFilter): Injection | undefined {
  const names = new Set(filter.failregex.flatMap(({ groupNames }) => groupNames.filter(isChosen)));
  for (const name of names) {
    for (const sample of cutSamples(filter, CLIENT, { [name]: "{{x}}" }).flatMap(withDateInFront)) {
      const line = parseMarkedLine(sample);
      if (line === undefined || !hits(filter, writeLine(line), CLIENT)) continue;
      const proof = findForgery(filter, line, { framed: FRAMED, now: WITNESS_NOW });
      if (proof !== undefined) return { how: "user name", proof };
    }
  }
  return undefined;
}

function hits(filter: CompiledFilter, line: string, address: string): boolean {
  return culpritOf(filter, line, WITNESS_NOW) === address;
}

function at({ jail }: CompiledFilter) {
  return { severity: "warning", jail: jail.name, place: jail.filter.failregex[0]?.place ?? jail.place } as const;
}
