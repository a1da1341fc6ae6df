/**
 * A log group with the subscription of a deployment: what agents put into it and the filter pattern lets through reaches the
 * function as gzip envelopes, each of them twice, since AWS promises no less than once.
 */
import { setMaxListeners } from "node:events";
import { gzipSync } from "node:zlib";
import { matchesPattern } from "../test/support/filter-pattern.ts";
import { type Clockwork, waited } from "./delays.ts";
import type { LogEvent } from "./log-agent.ts";

export interface LogGroup {
  readonly name: string;
  /** "" = every line. */
  readonly pattern: string;
  /** Takes the events of a stream: an instance's id. */
  put(stream: string, events: readonly LogEvent[]): void;
  /** Lines so far. */
  readonly counts: { readonly collected: number; readonly heldBack: number };
  /** Gives up what is under way. */
  close(): void;
}

export interface LogGroupOptions {
  readonly name: string;
  readonly pattern: string;
  /** The name of the subscription filter. */
  readonly filterName: string;
  /** Tells the log groups of a rig apart in the ids of their events. */
  readonly number: number;
  readonly clockwork: Clockwork;
  /** Invokes the function; false = it failed and wants the payload again. */
  readonly deliver: (event: unknown) => Promise<boolean>;
  /** Hears of each envelope, of its lines and of how many were held back. */
  readonly shipped: (stream: string, lines: readonly string[], heldBack: number) => void;
  /** Hears of an envelope that failed for the last time. */
  readonly lost: (lines: number) => void;
}

const OWNER = "123456789012";
/** Digits of an event's id. */
const ID_DIGITS = 56;

/** Its first envelope asks whether the function is there, as CloudWatch does when a subscription is made. */
export function openLogGroup(options: LogGroupOptions): LogGroup {
  const { name, pattern, filterName, number, clockwork, deliver, shipped, lost } = options;
  const over = new AbortController();
  // As many as there are envelopes under way.
  setMaxListeners(0, over.signal);
  const counts = { collected: 0, heldBack: 0 };
  const send = async (payload: object, lines: number) => {
    const event = { awslogs: { data: gzipSync(JSON.stringify(payload)).toString("base64") } };
    const { subscription, retries } = clockwork.now();
    for (const wait of [clockwork.draw(subscription), ...retries]) {
      if (!(await waited(wait, over.signal)) || (await deliver(event))) return;
    }
    lost(lines);
  };
  const check = "CWL CONTROL MESSAGE: Checking health of destination Lambda.";
  const probe = {
    ...{ messageType: "CONTROL_MESSAGE", owner: "CloudwatchLogs", logGroup: "", logStream: "" },
    ...{ subscriptionFilters: [], logEvents: [{ id: "", timestamp: Date.now(), message: check }] },
  };
  void send(probe, 0);
  return {
    ...{ name, pattern, counts },
    put(stream, events) {
      const stored = events.map((event) => {
        counts.collected += 1;
        return { id: `${number}${String(counts.collected).padStart(ID_DIGITS - 1, "0")}`, ...event };
      });
      const logEvents = stored.filter(({ message }) => matchesPattern(pattern, message));
      const heldBack = stored.length - logEvents.length;
      counts.heldBack += heldBack;
      if (logEvents.length === 0) return;
      const lines = logEvents.map(({ message }) => message);
      shipped(stream, lines, heldBack);
      const head = { messageType: "DATA_MESSAGE", owner: OWNER, logGroup: name, logStream: stream };
      const envelope = { ...head, subscriptionFilters: [filterName], logEvents };
      void send(envelope, lines.length);
      void send(envelope, lines.length);
    },
    close: () => over.abort(),
  };
}
