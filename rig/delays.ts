/**
 * How long AWS takes for what the rig does at once, in two sets: none of it, and what is documented or usual.
 *
 * Where AWS publishes no figure, or only a bound, the figure is experience, and its line says so. Delays that vary are drawn
 * evenly from a fixed seed.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** From, to; ms. */
export type Span = readonly [from: number, to: number];

/** All in ms. */
export interface Delays {
  readonly name: "none" | "aws";
  /** How long the CloudWatch agent waits after the first line of a batch. */
  readonly flush: number;
  /** From the log group to the function. */
  readonly subscription: Span;
  /** Between the attempts of an asynchronous invocation. */
  readonly retries: readonly number[];
  /** From SendCommand to the start of the script, at each host. */
  readonly command: Span;
  /** How long batches of enforce and of notify may grow. */
  readonly enforceWindow: number;
  readonly notifyWindow: number;
  /** Between two runs. */
  readonly sweep: number;
  readonly reconcile: number;
}

export const DELAYS: Readonly<Record<Delays["name"], Delays>> = {
  none: {
    ...{ name: "none", flush: 1_000, subscription: [0, 0], retries: [1_000, 1_000], command: [0, 0] },
    ...{ enforceWindow: 1_000, notifyWindow: 3_000, sweep: 5_000, reconcile: 5_000 },
  },
  aws: {
    name: "aws",
    // Documented: force_flush_interval, as cdk/host-preparation.ts sets it too.
    flush: 5_000,
    // Experience: seconds. Documented is only "usually less than three minutes".
    subscription: [2_000, 10_000],
    // Documented for asynchronous invocations.
    retries: [60_000, 120_000],
    // Experience, for hosts that are online.
    command: [1_000, 5_000],
    // As deployed: cdk/triggers.ts.
    ...{ enforceWindow: 1_000, notifyWindow: 30_000, sweep: 60_000 },
    // Deployed are 300 s, twice that where a host needs the full list. Not slowed: each changed host would take ten minutes.
    reconcile: 5_000,
  },
};

/** The delays that hold at the moment. */
export interface Clockwork {
  now(): Delays;
  use(delays: Delays): void;
  /** A length of time from the span, ms. */
  draw(span: Span): number;
}

const SEED = 20_261_122;

export function createClockwork(first: Delays): Clockwork {
  let current = first;
  let state = SEED;
  return {
    now: () => current,
    use(delays) {
      current = delays;
    },
    draw([from, to]) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.round(from + ((to - from) * state) / 2 ** 32);
    },
  };
}

/** Waits, or less where `signal` ends it; false = it did. */
export async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
