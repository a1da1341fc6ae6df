/**
 * Witnesses: log lines made from a filter's own regexes, so that `check` proves what it says by a line that anybody
 * can feed to the filter.
 */
import type { CompiledFilter } from "../filter/matcher.ts";
import { type Fillings, sampleOf } from "./sample.ts";

/** Line heads that HAProxy's logs arrive with. */
export const HEADS: readonly { readonly name: string; readonly text: string }[] = [
  { name: "RFC 3164 syslog", text: "Nov 14 22:45:11 lb1 " },
  { name: "ISO 8601 syslog", text: "2025-11-14T22:45:11.608000+00:00 lb1 " },
];

/** The instant at which every witness is looked at: a minute after its dates, epoch ms. */
export const WITNESS_NOW = Date.UTC(2025, 10, 14, 22, 46, 11);

const ACCEPT_DATE = "14/Nov/2025:22:45:11.608";

/** What the filter's failregexes would match once the date is cut, with `address` as the culprit. */
export function cutSamples(filter: CompiledFilter, address: string, fillings: Fillings = {}): string[] {
  const culprit = { ip4: address, dns: address, fid: address, ip6: "2001:db8::7", ...fillings };
  return filter.failregex
    .map((failregex) => sampleOf(failregex.tree, culprit))
    .map((content) =>
      filter.prefregex === undefined ? content : sampleOf(filter.prefregex.tree, { ...culprit, content }),
    );
}

/** Whether a sample is a line of HAProxy's, whose fields are known. */
export function speaksOfHaproxy(sample: string): boolean {
  return sample.includes("haproxy");
}

/** Raw lines that a cut sample may come from where its program writes the date in front. */
export function withDateInFront(cutSample: string): readonly string[] {
  return ["2025-11-14 22:45:11", "2025-11-14 22:45:11 ", "Nov 14 22:45:11 "].map((date) => date + cutSample);
}

/** The raw line without a head that a cut sample comes from: the accept date back in its brackets. */
export function withAcceptDate(cutSample: string): string | undefined {
  return cutSample.includes("[] ") ? cutSample.replace("[] ", `[${ACCEPT_DATE}] `) : undefined;
}

/** An ordinary request of `address`, answered 200, whose captured User-Agent is `agent`. */
export function requestWithAgent(address: string, agent: string): string {
  const fields = "www app/a1 0/0/0/1/1 200 116 - - ---- 1/1/0/0/0 0/0";
  return `haproxy[760]: ${address}:50255 [${ACCEPT_DATE}] ${fields} {${agent}} "GET / HTTP/1.1"`;
}
