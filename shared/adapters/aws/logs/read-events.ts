/**
 * Reads the events of a log group back, page by page: politely, since the whole account shares five requests a second,
 * and on from the last event where the service was busy or a page's token is too old.
 */
import {
  type CloudWatchLogsClient,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { PortError } from "../../../ports/failure.ts";
import type { GroupLine, Span } from "../../../ports/log-groups.ts";
import { calling } from "../errors.ts";

export interface ReadOptions {
  /** Waits so many ms. */
  readonly wait: (duration: number) => Promise<void>;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Ms between two requests: at most four of the five that the account has each second. */
const GAP = 250;
/** How often in a row a page is asked for that the SDK's own attempts did not get, and how long is waited, ms. */
const TRIES = 5;
const FIRST_WAIT = 2_000;

/** Yields pages as they come. Throws PortError; "unavailable" only after several tries that take about a minute. */
export async function* readEvents(
  client: CloudWatchLogsClient,
  name: string,
  span: Span,
  options: ReadOptions,
): AsyncGenerator<readonly GroupLine[]> {
  const place = createPlace(span.since);
  const pause = createPauses(options);
  let token: string | undefined;
  let failures = 0;
  for (;;) {
    await pause();
    const page = await ask(client, name, { since: place.since(), until: span.until }, token).catch(
      async (error: unknown) => {
        if (!(error instanceof PortError)) throw error;
        // A token lives for a day, and not over every hiccup: without it the same events come from their time on.
        const again = error.code === "unavailable" || (error.code === "rejected" && token !== undefined);
        if (!again || ++failures >= TRIES) throw error;
        await options.wait(FIRST_WAIT * 2 ** (failures - 1));
        return undefined;
      },
    );
    if (page === undefined) {
      token = undefined;
      continue;
    }
    failures = 0;
    yield place.take(page.events);
    token = page.token;
    if (token === undefined) return;
  }
}

async function ask(client: CloudWatchLogsClient, name: string, span: Span, token: string | undefined) {
  const command = new FilterLogEventsCommand({
    logGroupName: name,
    startTime: span.since,
    endTime: span.until,
    ...(token !== undefined && { nextToken: token }),
  });
  const doing = { operation: "logs:FilterLogEvents", on: `the log group ${name}` };
  const { events = [], nextToken } = await calling(doing, () => client.send(command));
  return { events, token: nextToken };
}

/** Where reading is: the latest time seen, and the events of that time, so that none comes twice when it goes on from there. */
function createPlace(begin: number) {
  let since = begin;
  let seen = new Set<string>();
  return {
    since: () => since,
    take(events: readonly FilteredLogEvent[]): readonly GroupLine[] {
      const lines = events.flatMap(lineOf).filter(({ id }) => !seen.has(id));
      const latest = lines.reduce((time, { at }) => Math.max(time, at), since);
      if (latest > since) seen = new Set();
      since = latest;
      for (const { id, at } of lines) if (at === latest) seen.add(id);
      return lines;
    },
  };
}

function lineOf({ eventId, logStreamName, timestamp, message }: FilteredLogEvent): GroupLine[] {
  if (eventId === undefined || timestamp === undefined || message === undefined) return [];
  return [{ id: eventId, stream: logStreamName ?? "", at: timestamp, text: message }];
}

function createPauses({ wait, now }: ReadOptions): () => Promise<void> {
  let last: number | undefined;
  return async () => {
    if (last !== undefined && now() - last < GAP) await wait(GAP - (now() - last));
    last = now();
  };
}
