/**
 * CloudWatch Logs' envelope: decompressed JSON in, log events out.
 *
 * JSON.parse of every event costs more than matching does, and 99 of 100 events are ordinary. So the raw text is
 * searched for the jails' literals first and only events that carry one are parsed. The shortcut relies on two facts of
 * JSON: a quote inside a string is always escaped, so `{"id":"` cannot stand in a message; and what the search looks for
 * covers every way in which JSON can write a literal. And on two of CloudWatch: a key stands once, and a list of objects
 * nowhere but in logEvents, the last key. Whatever else is not laid out as expected is parsed whole.
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
/** An event behind another. One that begins otherwise is inside of an event. */
const NEXT = `},${EVENT}`;
/** The end of an event, of the list and of the envelope. */
const END = "}]}";

/** What finds something in every line of a log group that any jail can match (a sieve's rawJson), where there is such. */
export type Sift = (logGroup: string) => RegExp | undefined;

/**
 * Decodes one envelope. Where `sift` has an expression for its log group, `events` holds only those that any jail can
 * match, while `lines` counts all; otherwise it holds all of them.
 */
export function decodeEnvelope(json: Buffer, sift?: Sift): Envelope {
  return (sift === undefined ? undefined : decodeSifted(json, sift)) ?? decodeWhole(json);
}

/** Bytes searched at once. Larger strings leave the young generation and cost a garbage collection each. */
const WINDOW = 1 << 16;

function decodeSifted(json: Buffer, sift: Sift): Envelope | undefined {
  const list = json.indexOf(EVENTS);
  if (list < 0) return undefined;
  const head = parse(`${json.toString("utf8", 0, list)}"logEvents":[]}`);
  if (!isRecord(head) || head.messageType !== "DATA_MESSAGE") return undefined;
  const { logStream, logGroup } = head;
  if (typeof logStream !== "string" || typeof logGroup !== "string") return undefined;
  const raw = sift(logGroup);
  if (raw === undefined) return undefined;

  const begin = list + EVENTS.length;
  if (json.indexOf(EVENT, begin) !== begin || json.toString("latin1", json.length - END.length) !== END)
    return undefined;
  const close = json.length - END.length + 1;
  const last = Math.max(begin, json.lastIndexOf(NEXT) + 2);
  // Where it is no object, the list ended before.
  if (!isRecord(parse(json.toString("utf8", last, close)))) return undefined;

  const events: LogEvent[] = [];
  let lines = 0;
  for (let from = begin; from < close; ) {
    const next = json.indexOf(NEXT, from + WINDOW);
    const to = next < 0 ? close : next + 1;
    const sifted = siftWindow(json, from, to, raw);
    if (sifted === undefined) return undefined;
    for (const event of sifted.events) events.push(toLogEvent(event, logStream));
    lines += sifted.lines;
    from = to + 1;
  }
  return { kind: "events", logGroup, lines, malformed: 0, events };
}

/** The events of a window of whole events; undefined where one is not laid out as expected. */
function siftWindow(
  json: Buffer,
  from: number,
  to: number,
  raw: RegExp,
): { readonly events: RawEvent[]; readonly lines: number } | undefined {
  const text = json.toString("latin1", from, to);
  const events: RawEvent[] = [];
  raw.lastIndex = 0;
  for (let hit = raw.exec(text); hit !== null; hit = raw.exec(text)) {
    const before = text.lastIndexOf(NEXT, hit.index);
    const begin = before < 0 ? 0 : before + 2;
    // Not the hit's own place: a literal may begin with an event's own brace.
    const next = text.indexOf(NEXT, Math.max(hit.index, begin));
    const end = next < 0 ? text.length : next + 1;
    const event = parse(json.toString("utf8", from + begin, from + end));
    if (!isRawEvent(event)) return undefined;
    events.push(event);
    if (next < 0) break;
    raw.lastIndex = next + 2;
  }
  return { events, lines: 1 + count(text, NEXT) };
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

function count(text: string, part: string): number {
  let found = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) found += 1;
  return found;
}
