/**
 * CloudWatch Logs' envelope: decompressed JSON in, log events out.
 *
 * JSON.parse of every event costs more than matching does, and 99 of 100 events are ordinary. So the raw text is
 * searched for the jails' literals first and only events that carry one are parsed. The shortcut relies on two facts of
 * JSON alone: a quote inside a string is always escaped, so `{"id":"` cannot stand in a message; and what the search
 * looks for covers every way in which JSON can write a literal. Whatever is not laid out as expected is parsed whole.
 */
import type { LogEvent } from "./filter/event.ts";

export type Envelope =
  | {
      readonly kind: "events";
      readonly logGroup: string;
      readonly lines: number;
      /** Log events that lack an id, a time or a message: counted, set aside, not retried. */
      readonly malformed: number;
      readonly events: readonly LogEvent[];
    }
  /** CloudWatch asking whether the destination is reachable. */
  | { readonly kind: "control" }
  | { readonly kind: "malformed"; readonly reason: string };

interface RawEvent {
  readonly id: string;
  readonly timestamp: number;
  readonly message: string;
}

const EVENTS = '"logEvents":[';
const EVENT = '{"id":"';

/**
 * Decodes one envelope. With `raw` (a sieve's rawJson), `events` holds only those that any jail can match, while
 * `lines` counts all; without, it holds all of them.
 */
export function decodeEnvelope(json: Buffer, raw?: RegExp): Envelope {
  return (raw === undefined ? undefined : decodeSifted(json, raw)) ?? decodeWhole(json);
}

function decodeSifted(json: Buffer, raw: RegExp): Envelope | undefined {
  const text = json.toString("latin1");
  const start = text.indexOf(EVENTS);
  if (start < 0 || !text.startsWith(EVENT, start + EVENTS.length)) return undefined;
  const head = parse(`${json.toString("utf8", 0, start)}"logEvents":[]}`);
  if (!isRecord(head) || head.messageType !== "DATA_MESSAGE") return undefined;
  if (typeof head.logStream !== "string" || typeof head.logGroup !== "string") return undefined;

  const events: LogEvent[] = [];
  raw.lastIndex = start;
  for (let hit = raw.exec(text); hit !== null; hit = raw.exec(text)) {
    const from = text.lastIndexOf(EVENT, hit.index);
    const next = text.indexOf(EVENT, hit.index);
    const to = next < 0 ? text.lastIndexOf("]") : next - 1;
    const event = from < start ? undefined : parse(json.toString("utf8", from, to));
    if (!isRawEvent(event)) return undefined;
    events.push(toLogEvent(event, head.logStream));
    if (next < 0) break;
    raw.lastIndex = next;
  }
  return { kind: "events", logGroup: head.logGroup, lines: count(text, EVENT, start), malformed: 0, events };
}

function decodeWhole(json: Buffer): Envelope {
  const envelope = parse(json.toString("utf8"));
  if (!isRecord(envelope)) return { kind: "malformed", reason: "not a JSON object" };
  if (envelope.messageType === "CONTROL_MESSAGE") return { kind: "control" };
  if (envelope.messageType !== "DATA_MESSAGE") return { kind: "malformed", reason: "no known messageType" };
  const { logStream, logGroup, logEvents } = envelope;
  if (typeof logStream !== "string" || typeof logGroup !== "string" || !Array.isArray(logEvents)) {
    return { kind: "malformed", reason: "logStream, logGroup or logEvents is missing" };
  }
  const events = logEvents.filter(isRawEvent).map((event) => toLogEvent(event, logStream));
  return { kind: "events", logGroup, lines: logEvents.length, malformed: logEvents.length - events.length, events };
}

function toLogEvent(event: RawEvent, stream: string): LogEvent {
  return { id: event.id, stream, at: event.timestamp, text: event.message };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller names it malformed, or parses the whole envelope instead of a part.
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRawEvent(value: unknown): value is RawEvent {
  return (
    isRecord(value) &&
    typeof value.id === "string" &&
    typeof value.timestamp === "number" &&
    typeof value.message === "string"
  );
}

function count(text: string, part: string, from: number): number {
  let found = 0;
  for (let at = text.indexOf(part, from); at >= 0; at = text.indexOf(part, at + part.length)) found += 1;
  return found;
}
