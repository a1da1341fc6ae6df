/**
 * The failures of one id in one jail meet its window.
 *
 * Failures are taken one by one in the order in which they came, so how they were cut into batches decides nothing. A
 * ban is written before the window is: a batch that completes a window bans even while five hundred others fight over
 * the row, and who crashes in between finds its ban standing when the batch comes again.
 */
import type { BanKey } from "../core/detect/key.ts";
import { keyText } from "../core/detect/key.ts";
import type { JailRules } from "../core/detect/policy.ts";
import { type CountedFailure, close, closeWith, decide, forgetAt, record, type Window } from "../core/detect/window.ts";
import type { StoredWindow, Windows } from "../ports/windows.ts";
import type { KnownBans } from "./known-bans.ts";
import { type PlaceBanDeps, placeBan, type Tripped, type Verdict } from "./place-ban.ts";
import { retryConflicts } from "./retry-conflicts.ts";

export interface CountDeps extends PlaceBanDeps {
  readonly windows: Windows;
  readonly known: KnownBans;
}

/** A failure, and when its line was received (epoch ms): that decides whether a ban would be over already. */
export interface ReceivedFailure extends CountedFailure {
  readonly receivedAt: number;
}

export interface Count {
  readonly verdicts: readonly Verdict[];
  readonly tripped: readonly Tripped[];
  /** How often another writer was first. */
  readonly conflicts: number;
}

/**
 * Counts them into `stored`, the window as it was last read, and bans where that is called for. Throws PortError
 * "too-busy" where the row never rests.
 */
export async function countFailures(
  key: BanKey,
  failures: readonly ReceivedFailure[],
  stored: StoredWindow,
  rules: JailRules,
  deps: CountDeps,
): Promise<Count> {
  const verdicts: Verdict[] = [];
  const tripped: Tripped[] = [];
  let conflicts = 0;
  let current = stored;
  await retryConflicts(`the window of ${keyText(key)}`, deps.backoff, async () => {
    let window = current.window;
    for (const failure of failures) {
      const next = record(window, [failure], rules.window);
      if (next === window) continue;
      window = next;
      // Whoever banned may have died before it closed the window. Without what that ban settled it may still be complete.
      for (let settled = true; settled; ) {
        const decision = decide(window, rules.window);
        if (decision.kind === "watch") break;
        const placed = await placeBan(key, decision, failure.receivedAt, rules, deps);
        note(placed.verdict, verdicts);
        if (placed.tripped !== undefined) tripped.push(placed.tripped);
        window = closeFor(placed.verdict, window, failure.receivedAt, deps.known);
        settled = placed.verdict.kind === "settled";
      }
    }
    if (window === current.window) {
      rememberClosed(key, failures, window, deps.known);
      return "saved";
    }
    const outcome = await deps.windows.save(key, window, current.version, forgetAt(window, rules.window));
    if (outcome === "conflict") {
      conflicts++;
      [current] = (await deps.windows.load([key])) as [StoredWindow];
    }
    return outcome;
  });
  return { verdicts, tripped, conflicts };
}

/** Another process banned or pardoned the id: what is settled is not asked for again by the next batch. */
function rememberClosed(key: BanKey, failures: readonly ReceivedFailure[], { closed }: Window, known: KnownBans): void {
  const now = Math.max(...failures.map((failure) => failure.receivedAt));
  if (closed !== undefined && (closed.until ?? Number.POSITIVE_INFINITY) > now) known.remember(key, closed.until, now);
}

function closeFor(verdict: Verdict, window: Window, now: number, known: KnownBans): Window {
  switch (verdict.kind) {
    case "banned":
    case "standing":
      known.remember(verdict.ban, verdict.ban.expiresAt, now);
      return closeWith(window, verdict.ban);
    case "held":
    case "over":
      return closeWith(window, verdict.ban);
    case "settled":
      return close(window, { until: verdict.until });
  }
}

/** A repetition after a conflict finds the ban that it wrote itself: that is no second verdict. */
function note(verdict: Verdict, verdicts: Verdict[]): void {
  const own = verdicts.some(
    (earlier) =>
      earlier.kind !== "settled" && verdict.kind !== "settled" && earlier.ban.generation === verdict.ban.generation,
  );
  if (!own && !(verdict.kind === "settled" && verdicts.length > 0)) verdicts.push(verdict);
}
