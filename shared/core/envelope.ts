/**
 * CloudWatch Logs' envelope: decompressed JSON in, log events out.
 *
 * JSON.parse of every event costs more than matching does, and 99 of 100 events are ordinary. So the raw bytes are
 * searched for the jails' literals first and only events that carry one are parsed (filter/event-sift.ts). The shortcut
 * relies on two facts of CloudWatch: a key stands once, and a list of objects nowhere but in logEvents, the last key.
 * Whatever else is not laid out as expected is parsed whole.
 */
import type { LogEvent } from "./filter/event.ts";
import { type EventSift, NEXT_EVENT } from "./filter/event-sift.ts";
import { searchable } from "./filter/literal-search.ts";

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
/** The end of an event, of the list and of the envelope. */
const END = "}]}";

/** What finds the events of a log group that any jail can match (a sieve's rawJson), where there is such. */
export type Sift = (logGroup: string) => EventSift | undefined;

/**
 * Decodes one envelope. Where `sift` has one for its log group, `events` holds only those that any jail can
 * match, while `lines` counts all; otherwise it holds all of them.
 */
export function decodeEnvelope(json: Buffer, sift?: Sift): Envelope {
  return (sift === undefined ? undefined : decodeSifted(json, sift)) ?? decodeWhole(json);
}

function decodeSifted(json: Buffer, sift: Sift): Envelope | undefined {
  const list = json.indexOf(EVENTS);
  if (list < 0) return undefined;
  const head = parse(`${json.toString("utf8", 0, list)}"logEvents":[]}`);
  if (!isRecord(head) || head.messageType !== "DATA_MESSAGE") return undefined;
  const { logStream, logGroup } = head;
  if (typeof logStream !== "string" || typeof logGroup !== "string") return undefined;
  const find = sift(logGroup);
  if (find === undefined) return undefined;

  const begin = list + EVENTS.length;
  if (json.indexOf(EVENT, begin) !== begin || json.toString("latin1", json.length - END.length) !== END)
    return undefined;
  const close = json.length - END.length + 1;
  const last = Math.max(begin, json.lastIndexOf(NEXT_EVENT) + 2);
  // Where it is no object, the list ended before.
  if (!isRecord(parse(json.toString("utf8", last, close)))) return undefined;

  const events: LogEvent[] = [];
  let isAsExpected = true;
  const lines = find(searchable(json), begin, close, (from, to) => {
    const event = parse(json.toString("utf8", from, to));
    isAsExpected = isRawEvent(event);
    if (isRawEvent(event)) events.push(toLogEvent(event, logStream));
    return isAsExpected;
  });
  return isAsExpected ? { kind: "events", logGroup, lines, malformed: 0, events } : undefined;
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
    isRecord(value) && typeof value.id === "string" && isTime(value.timestamp) && typeof value.message === "string"
  );
}

/** Beyond it (epoch ms; the year 33 658) no ban can be written that its readers take for one. */
const LAST_MOMENT = 1e15;

function isTime(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < LAST_MOMENT;
}
