/**
 * What every invocation has around it: a log with the request's id, metrics that are written whatever happens, and an
 * error that is logged once, where it leaves the function. A failure is thrown on: the service delivers again.
 */
import type { Context } from "aws-lambda";
import type { Log } from "./log.ts";
import type { BufferedMetrics } from "./metrics.ts";

/** One invocation as the handlers see it. */
export interface Call {
  readonly log: Log;
  readonly metrics: BufferedMetrics;
  /** Epoch ms. */
  readonly now: () => number;
  /** What is left until the service ends the function, ms. */
  readonly remaining: () => number;
}

export type Frame = Omit<Call, "remaining">;

/** The part of the service's context that is used. */
export type CallContext = Pick<Context, "awsRequestId" | "getRemainingTimeInMillis">;

export function inFrame<Event, Result>(
  frame: Frame,
  handle: (event: Event, call: Call) => Promise<Result>,
): (event: Event, context: CallContext) => Promise<Result> {
  return async (event, context) => {
    const log = frame.log.child({ requestId: context.awsRequestId });
    try {
      return await handle(event, { ...frame, log, remaining: () => context.getRemainingTimeInMillis() });
    } catch (error) {
      log.error("the invocation failed; the service delivers again", error);
      throw error;
    } finally {
      frame.metrics.flush(frame.now());
    }
  };
}
