/** Log lines in, bans out; whatever fails for a reason that may pass is delivered again, and counts once all the same. */
import type { KinesisStreamBatchResponse } from "aws-lambda";
import type { SetAside } from "../../shared/ports/set-aside.ts";
import type { Call } from "../runtime/invocation.ts";
import { deliveriesOf } from "./deliveries.ts";
import type { TakePayload } from "./take-payload.ts";

export interface IngestHandlerDeps {
  readonly takePayload: TakePayload;
  readonly setAside: SetAside;
}

/** What one more payload may take, ms: with less left, the rest is asked for again. */
const TIME_FOR_ONE = 10_000;

export function createHandler({ takePayload, setAside }: IngestHandlerDeps) {
  return async (event: unknown, call: Call): Promise<KinesisStreamBatchResponse> => {
    const found = deliveriesOf(event);
    if (found.kind === "unknown") {
      call.log.warn("an event of no known kind was set aside");
      call.metrics.count("Malformed", 1);
      await setAside.put({ source: "invocation", reason: "an event of no known kind", body: textOf(event) });
      return { batchItemFailures: [] };
    }
    for (const [nth, { id, data }] of found.deliveries.entries()) {
      try {
        if (nth > 0 && call.remaining() < TIME_FOR_ONE) return { batchItemFailures: [{ itemIdentifier: id! }] };
        await takePayload(data, id ?? "subscription", call);
      } catch (error) {
        // Direction: again from here; the payloads before this one are done.
        if (found.kind === "direct") throw error;
        call.log.error("a record failed and is asked for again", error, { sequenceNumber: id });
        return { batchItemFailures: [{ itemIdentifier: id! }] };
      }
    }
    return { batchItemFailures: [] };
  };
}

function textOf(event: unknown): string {
  try {
    return `${JSON.stringify(event)}`;
  } catch (error) {
    // Too deep for JSON.stringify, though JSON.parse read it: the same at each delivery, so what it was is given up.
    return `not to be written as JSON: ${(error as Error).message}`;
  }
}
