/** The dearest line that a client can have logged, against an ordinary line of the same length. */
import type { Matcher } from "../shared/core/filter/event.ts";

const LENGTH = 8192;
const NOW = Date.UTC(2026, 10, 22, 16);
const HEAD = "2026-11-22T15:59:04.605224+00:00 lb-1 haproxy[760]: 203.0.113.9:4711 [22/Nov/2026:15:59:04.603] ";
const ORDINARY = `${HEAD}www app/a1 0/0/0/1/1 200 116 - - ---- 1/1/0/0/0 0/0 "GET /`;
const LITERALS = ' /<NOSRV> "<BADREQ>" 401 403 404 429 408 cR-- PR-- sC-- PT-- SC-- SSL handshake failure haproxy[1]: ';

/** What is repeated up to the length, after an ordinary head or from the first byte. */
const REPEATED: Readonly<Record<string, string>> = {
  "every literal": LITERALS,
  "whole heads": `${HEAD}www www/<NOSRV> 0/-1/-1/-1/0 401 246 - - LR-- `,
  brackets: '[[[]]]""{{|}} 404 <BADREQ>',
  "dates begun": "22/Nov/2026:15:59:04 Nov 22 15:59: 2026-11-22T15: 401 ",
  digits: "1234567890123456789 404 ",
  "hex and colons": "2001:db8:ffff:0:1::2: 403 ",
  blanks: "                401",
  "beyond ASCII": "é\u2028\u017f漢 <NOSRV> ",
};

export interface Hostile {
  /** Time of the dearest hostile line over that of the ordinary one. */
  readonly ratio: number;
  readonly worst: string;
}

export function measureHostile(matcher: Matcher): Hostile {
  const ordinary = timeOf(matcher, fill(ORDINARY, "abcdefgh/"));
  const lines = Object.entries(REPEATED).flatMap(([name, unit]) => [
    [`${name}, from the first byte`, fill("", unit)] as const,
    [`${name}, after a head`, fill(ORDINARY, unit)] as const,
    [`${name}, after a failing head`, fill(ORDINARY.replace(" 200 ", " 404 "), unit)] as const,
  ]);
  const timed = lines.map(([name, line]) => ({ name, ratio: timeOf(matcher, line) / ordinary }));
  const worst = timed.reduce((left, right) => (right.ratio > left.ratio ? right : left));
  return { ratio: worst.ratio, worst: worst.name };
}

function fill(start: string, unit: string): string {
  return (start + unit.repeat(Math.ceil(LENGTH / unit.length))).slice(0, LENGTH);
}

/** Median ns of matching the one line. */
function timeOf(matcher: Matcher, text: string): number {
  const times = Array.from({ length: 301 }, (_, run) => {
    const events = [{ id: `${run}`, stream: "bench", at: NOW, text }];
    const start = process.hrtime.bigint();
    matcher.match(events);
    return Number(process.hrtime.bigint() - start);
  });
  return times.sort((left, right) => left - right)[150]!;
}
