/**
 * A window as one attribute: compact JSON, deflated where that saves write units, and always far below a row's limit of
 * 400 KB: lines are cut before a failure is ever left out.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Closed, CountedFailure, Window } from "../../../core/detect/window.ts";
import { PortError } from "../../../ports/failure.ts";
import { bytes, type FoundAttribute, text } from "./attributes.ts";
import { cutLines } from "./cut-lines.ts";

/** Below it the row fits one write unit anyhow. */
const WORTH_DEFLATING = 700;
/** Bytes of all lines together, before deflating. */
const LINES_LIMIT = 128 * 1024;
/** Bytes of the attribute. */
const ROW_LIMIT = 350 * 1024;
/** No window that we wrote inflates to more. */
const INFLATED_LIMIT = 16 * 1024 * 1024;
/** `until` of a window closed for ever. */
const FOR_EVER = -1;

type Encoded = readonly [
  until: number | null,
  streams: readonly string[],
  failures: readonly (readonly [at: number, identity: string, stream: number, line?: string])[],
];

/** The attribute of a window. Throws PortError "rejected" where it holds more failures than a row can. */
export function encodeWindow(key: string, window: Window): AttributeValue {
  const streams = new Map<string, number>();
  for (const { stream } of window.failures) if (!streams.has(stream)) streams.set(stream, streams.size);
  const lines = cutLines(
    window.failures.map((failure) => failure.line ?? ""),
    LINES_LIMIT,
  );
  const encoded: Encoded = [
    window.closed === undefined ? null : (window.closed.until ?? FOR_EVER),
    [...streams.keys()],
    window.failures.map(({ at, identity, stream, line }, nth) => {
      const place = streams.get(stream)!;
      return line === undefined ? [at, identity, place] : [at, identity, place, lines[nth]!];
    }),
  ];
  const json = JSON.stringify(encoded);
  if (json.length <= WORTH_DEFLATING) return text(json);
  const deflated = deflateRawSync(json);
  if (deflated.length > ROW_LIMIT) throw tooLarge(key, window.failures.length);
  return bytes(deflated);
}

/** The window of an attribute. Throws PortError "state-corrupt" where we did not write it. */
export function decodeWindow(key: string, attribute: FoundAttribute | undefined): Window {
  try {
    const [until, streams, failures] = JSON.parse(jsonOf(attribute)) as Encoded;
    const closed: Closed | undefined = until === null ? undefined : { until: until === FOR_EVER ? undefined : until };
    if (until !== null && !Number.isFinite(until)) throw new Error("its end is no time");
    return { failures: failures.map((failure) => countedOf(failure, streams)), closed };
  } catch (cause) {
    throw new PortError(
      "state-corrupt",
      `the window of ${key} cannot be read`,
      "Its count begins anew with the next failure. Whoever wrote that row was not fleet2ban.",
      cause,
    );
  }
}

function countedOf([at, identity, place, line]: Encoded[2][number], streams: Encoded[1]): CountedFailure {
  const stream = Array.isArray(streams) ? streams[place] : undefined;
  const texts: readonly unknown[] = [identity, stream, line ?? ""];
  if (!Number.isFinite(at) || stream === undefined || texts.some((each) => typeof each !== "string"))
    throw new Error("one of its failures is none");
  return { at, identity, stream, line };
}

function jsonOf(attribute: FoundAttribute | undefined): string {
  if (attribute?.S !== undefined) return attribute.S;
  if (!(attribute?.B instanceof Uint8Array)) throw new Error("it has no window attribute");
  return inflateRawSync(attribute.B, { maxOutputLength: INFLATED_LIMIT }).toString();
}

function tooLarge(key: string, failures: number): PortError {
  return new PortError(
    "rejected",
    `the window of ${key} holds ${failures} failures, more than a row of DynamoDB can`,
    "Lower maxretry of the jail: some thousands are the most that a window can count.",
  );
}
