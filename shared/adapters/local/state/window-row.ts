/**
 * A window as one compact line of JSON: a hundred thousand of them must fit into modest memory, so field names are left
 * out and streams, which repeat, are written once.
 */
import type { Closed, CountedFailure, Window } from "../../../core/detect/window.ts";

export interface WindowRow {
  readonly window: Window;
  readonly version: number;
  /** Epoch ms; undefined = never. */
  readonly forgetAt: number | undefined;
}

/** `until` of a window closed for ever. */
const FOR_EVER = -1;

type Encoded = readonly [
  version: number,
  forgetAt: number | null,
  until: number | null,
  streams: readonly string[],
  failures: readonly (readonly [at: number, identity: string, stream: number, line?: string])[],
];

export function encodeWindow({ window, version, forgetAt }: WindowRow): string {
  const streams = [...new Set(window.failures.map((failure) => failure.stream))];
  const encoded: Encoded = [
    version,
    forgetAt ?? null,
    window.closed === undefined ? null : (window.closed.until ?? FOR_EVER),
    streams,
    window.failures.map(({ at, identity, stream, line }) => {
      const index = streams.indexOf(stream);
      return line === undefined ? [at, identity, index] : [at, identity, index, line];
    }),
  ];
  return JSON.stringify(encoded);
}

/** The version of a row, without reading the rest of it. */
export function versionOf(text: string): number {
  return Number(text.slice(1, text.indexOf(",")));
}

export function decodeWindow(text: string): WindowRow {
  const [version, forgetAt, until, streams, failures] = JSON.parse(text) as Encoded;
  const closed: Closed | undefined = until === null ? undefined : { until: until === FOR_EVER ? undefined : until };
  const counted = failures.map(
    ([at, identity, stream, line]): CountedFailure => ({ at, identity, stream: streams[stream]!, line }),
  );
  return { window: { failures: counted, closed }, version, forgetAt: forgetAt ?? undefined };
}
