/** A directory of log files and a follower on them, as a daemon would hold it: events and the positions that were "saved" with them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach } from "vitest";
import { createFollower, type Follower, type FollowerOptions } from "../../shared/adapters/local/follow/follower.ts";
import type { FollowNotice } from "../../shared/adapters/local/follow/notice.ts";
import { NO_POSITIONS, type Positions } from "../../shared/adapters/local/follow/position.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";

const directories: string[] = [];
const sessions: Session[] = [];

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.stop()));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A new directory under the system's temporary one, removed after the test. */
export function logDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "follow-"));
  directories.push(directory);
  return directory;
}

export interface Session {
  readonly follower: Follower;
  readonly events: readonly LogEvent[];
  readonly notices: readonly FollowNotice[];
  texts(): readonly string[];
  /** What a restart would find: the positions of the last batch, after a trip through JSON. */
  saved(): Positions;
  /** Resolves when so many lines have come; fails, with what has come, when none comes any more for a long time. */
  until(lines: number): Promise<void>;
  untilNotice(code: FollowNotice["code"]): Promise<FollowNotice>;
  /** Waits until the follower has had several polls without anything new, so that a line too many would show. */
  quiet(): Promise<void>;
  stop(): Promise<void>;
}

export const POLL = 20;
/** Far above what any step takes; it only ends a test that would otherwise hang. */
const GIVE_UP = 20_000;

/** Follows in the background. `paths` may be names alone; the poll is short unless told otherwise. */
export function follow(
  paths: readonly (string | FollowerOptions["paths"][number])[],
  options: Partial<FollowerOptions> = {},
): Session {
  const events: LogEvent[] = [];
  const notices: FollowNotice[] = [];
  let saved: Positions = options.resume ?? NO_POSITIONS;
  const follower = createFollower({
    now: () => 1_700_000_000_000,
    pollEvery: POLL,
    rotatedGrace: 4 * POLL,
    report: (notice) => notices.push(notice),
    ...options,
    paths: paths.map((path) => (typeof path === "string" ? { path, from: "head" } : path)),
  });
  const pump = (async () => {
    for await (const batch of follower) {
      events.push(...batch.events);
      saved = JSON.parse(JSON.stringify(batch.positions)) as Positions;
    }
  })();
  const session: Session = {
    follower,
    events,
    notices,
    texts: () => events.map(({ text }) => text),
    saved: () => saved,
    until: (lines) =>
      eventually(
        () => events.length >= lines,
        () => `${events.length} of ${lines} lines: ${brief(events)}`,
      ),
    untilNotice: async (code) => {
      await eventually(
        () => notices.some((notice) => notice.code === code),
        () => `no ${code} in ${JSON.stringify(notices)}`,
      );
      return notices.find((notice) => notice.code === code) as FollowNotice;
    },
    quiet: () => sleep(10 * POLL),
    stop: async () => {
      await follower.stop();
      await pump;
    },
  };
  sessions.push(session);
  return session;
}

export async function eventually(done: () => boolean, state: () => string): Promise<void> {
  const end = performance.now() + GIVE_UP;
  while (!done()) {
    if (performance.now() > end) throw new Error(`waited in vain: ${state()}`);
    await sleep(2);
  }
}

function brief(events: readonly LogEvent[]): string {
  return JSON.stringify(events.map(({ text }) => text.slice(0, 40))).slice(0, 2000);
}
