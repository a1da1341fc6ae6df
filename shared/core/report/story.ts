/**
 * What happened, as `demo` tells it to a person who watches: one line per ban and unban, and one for failures of an id
 * that follow each other within a minute.
 */
import type { Target } from "../address.ts";
import type { Ban } from "../ban.ts";
import { formatDuration, formatTime, type ZoneOffset } from "./time-text.ts";

export interface FoundEvent {
  readonly kind: "found";
  readonly at: number;
  readonly jail: string;
  readonly id: Target;
  /** Failures in the window with this one, and how many make a ban. */
  readonly count: number;
  readonly maxretry: number;
  /** The id is banned for it already, so the failure belongs to that ban. */
  readonly during: boolean;
}

export type StoryEvent =
  | FoundEvent
  | { readonly kind: "banned"; readonly at: number; readonly ban: Ban }
  | { readonly kind: "unbanned"; readonly at: number; readonly ban: Ban };

/** One line in parts, so that the caller can colour them: "06:05:00", "haproxy-paths", "BAN", "192.0.2.60  …". */
export interface StoryLine {
  readonly time: string;
  readonly jail: string;
  readonly verb: "found" | "BAN" | "unban" | "day";
  readonly text: string;
  /** For a ban: the request of its last failure, safe to print. */
  readonly sample?: string;
}

export interface Story {
  /** The lines that are due when this happens. */
  add(event: StoryEvent): readonly StoryLine[];
  /** The lines that were held back, at the end. */
  end(): readonly StoryLine[];
}

const RUN = 60_000;

interface Run {
  readonly first: FoundEvent;
  last: FoundEvent;
}

/** Tells events that come in the order of time; `zone` is that of the reader. */
export function createStory(zone: ZoneOffset): Story {
  const runs = new Map<string, Run>();
  let day = "";
  const stamped = (at: number, jail: string, rest: Omit<StoryLine, "time" | "jail">): StoryLine[] => {
    const [date = "", time = ""] = formatTime(at, zone).split(" ");
    const line: StoryLine = { time, jail, ...rest };
    if (date === day) return [line];
    day = date;
    return [{ time: "", jail: "", verb: "day", text: date }, line];
  };
  const flush = (when: (run: Run) => boolean): StoryLine[] => {
    const due = [...runs].filter(([, run]) => when(run));
    for (const [key] of due) runs.delete(key);
    return due.flatMap(([, { first, last }]) =>
      stamped(first.at, first.jail, { verb: "found", text: foundText(first, last) }),
    );
  };
  return {
    add(event) {
      switch (event.kind) {
        case "found": {
          const lines = flush((run) => event.at - run.first.at >= RUN);
          // Failures during a ban change nothing.
          if (event.during) return lines;
          const key = `${event.jail} ${event.id}`;
          const run = runs.get(key);
          if (run === undefined) runs.set(key, { first: event, last: event });
          else run.last = event;
          return lines;
        }
        case "banned":
          return [
            ...flush(() => true),
            ...stamped(event.at, event.ban.jail, {
              verb: "BAN",
              text: `${padded(event.ban.id)}  ${why(event.ban)}`,
              ...sampleOf(event.ban),
            }),
          ];
        case "unbanned": {
          const served = `after ${formatDuration(event.at - event.ban.since)}`;
          return [
            ...flush(() => true),
            ...stamped(event.at, event.ban.jail, { verb: "unban", text: `${padded(event.ban.id)}  ${served}` }),
          ];
        }
      }
    },
    end: () => flush(() => true),
  };
}

function foundText(first: FoundEvent, last: FoundEvent): string {
  const counts = last.count > first.count ? `${first.count}–${last.count}` : `${last.count}`;
  return `${padded(first.id)}  ${counts} of ${first.maxretry}`;
}

function why(ban: Ban): string {
  const cause = ban.failures === 0 ? `by ${ban.actor}` : `${ban.failures} failures`;
  const length = ban.expiresAt === undefined ? "for ever" : `for ${formatDuration(ban.expiresAt - ban.since)}`;
  return ban.count > 1 ? `${cause}: ${length}, its ${ordinal(ban.count)} ban` : `${cause}: ${length}`;
}

const SAMPLE_WIDTH = 44;

/** What stands in quotes in the last line. A client wrote it: nothing that steers a terminal gets through. */
function sampleOf(ban: Ban): { readonly sample?: string } {
  const quoted = /"([A-Z]{3,9} [^"]*|<BADREQ>)"/.exec(ban.matches.at(-1) ?? "")?.[1];
  if (quoted === undefined) return {};
  const plain = quoted.replace(/\p{C}/gu, "·");
  return { sample: plain.length > SAMPLE_WIDTH ? `${plain.slice(0, SAMPLE_WIDTH - 1)}…` : plain };
}

/** As wide as most addresses; a long IPv6 one pushes its line. */
function padded(id: Target): string {
  return id.padEnd(16);
}

function ordinal(count: number): string {
  const tens = count % 100;
  if (tens >= 11 && tens <= 13) return `${count}th`;
  return `${count}${["th", "st", "nd", "rd"][count % 10] ?? "th"}`;
}
