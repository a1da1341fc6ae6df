/** Realistic HAProxy lines, the same ones at every run: a seeded generator, no clock. */

/** A small seeded generator of numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export interface BenchLine {
  /** Epoch ms. */
  readonly at: number;
  readonly text: string;
}

const PATHS = [
  "/",
  "/index.html",
  "/api/v1/orders",
  "/api/v1/users/4711",
  "/static/app.3f9c1.js",
  "/img/logo.svg",
  "/search",
];
const AGENTS = [
  "Mozilla/5.0 (X11; Linux x64) Gecko/20100101 Firefox/141.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) Version/18.1 Mobile",
  "curl/8.14.1",
];
/** What the failing requests look like: fields after the accept date, and the request. */
const FAILURES: readonly (readonly [fields: string, request: string])[] = [
  ["www www/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0", '"GET / HTTP/1.1"'],
  ["www www/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0", '"<BADREQ>"'],
  ["www www/<NOSRV> 0/-1/-1/-1/0 401 246 - - LR-- 1/1/0/0/0 0/0", '"GET /admin HTTP/1.1"'],
  ["www www/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR-- 1/1/0/0/0 0/0", '"GET /deny HTTP/1.1"'],
  ["www app/a1 0/0/0/1/1 404 123 - - ---- 1/1/0/0/0 0/0", '"GET /.env HTTP/1.1"'],
  ["www www/<NOSRV> 0/-1/-1/-1/0 429 225 - - PR-- 1/1/0/0/0 0/0", '"GET /api HTTP/1.1"'],
  ["www www/<NOSRV> -1/-1/-1/-1/2001 408 0 - - cR-- 1/1/0/0/0 0/0", '"<BADREQ>"'],
];

/** `count` lines, one in a hundred a failure, from a fleet's ordinary clients and 200 attackers. */
export function benchLines(count: number, start: number): BenchLine[] {
  const next = random(20261122);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  return Array.from({ length: count }, (_, index) => {
    const at = start + index;
    const failing = index % 100 === 99;
    const client = failing
      ? `203.0.113.${Math.floor(next() * 200)}`
      : `198.51.${Math.floor(next() * 100)}.${1 + Math.floor(next() * 250)}`;
    const port = 1024 + Math.floor(next() * 60000);
    const [fields, request] = failing
      ? pick(FAILURES)
      : [
          `www app/a${1 + Math.floor(next() * 4)} 0/0/${Math.floor(next() * 3)}/${Math.floor(next() * 90)}/${Math.floor(next() * 120)} ${pick([200, 200, 200, 304, 302])} ${Math.floor(next() * 90000)} - - ---- ${Math.floor(next() * 400)}/${Math.floor(next() * 400)}/${Math.floor(next() * 40)}/${Math.floor(next() * 10)}/0 0/0`,
          `"GET ${pick(PATHS)}?session=${Math.floor(next() * 1e9).toString(36)} HTTP/1.1"`,
        ];
    const captures = failing ? "" : `{www.example.com|${pick(AGENTS)}} `;
    const date = new Date(at).toISOString();
    return {
      at,
      text: `${date.slice(0, 23)}000+00:00 lb-${index % 4} haproxy[760]: ${client}:${port} [${acceptDate(date)}] ${fields} ${captures}${request}`,
    };
  });
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "2026-11-22T15:59:04.605Z" as HAProxy writes it: "22/Nov/2026:15:59:04.605". */
function acceptDate(iso: string): string {
  return `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 23)}`;
}
