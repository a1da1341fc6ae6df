/**
 * Slots as rows of the control table: the time of the next free one, moved on by whoever takes it, with no reading in
 * between, so that no two takers ever get the same.
 *
 * A slot that is no time, or far from now, is none of ours (a person's hands, a clock that was wrong): it counts as free,
 * or nothing would go out any more.
 */
import { PortError } from "../../../ports/failure.ts";
import type { Pace } from "../../../ports/pace.ts";
import { number, numberOf } from "./attributes.ts";
import { above, atMost, both, type Clause, either, noNumber } from "./clause.ts";
import { at, KIND } from "./control-keys.ts";
import type { Change, Table } from "./table.ts";

const ATTEMPTS = 10;
/** Nobody waits as long for a slot, ms. */
const FAR = 3_600_000;
/** A row that nobody used for a day says nothing any more. */
const KEPT = 86_400_000;

export function createSlotRows(table: Table): Pace {
  return {
    async reserve(what, gap, now, longest) {
      const key = at(KIND.slot, what);
      const itIsFree = either(noNumber("next"), atMost("next", number(now)), above("next", number(now + FAR)));
      const somebodyIsAhead = above("next", number(now));
      const last = longest === undefined ? undefined : now + Math.max(0, Math.floor(longest));
      const inTime = last === undefined ? somebodyIsAhead : both(somebodyIsAhead, atMost("next", number(last)));
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        if ((await table.update(key, takeNow(gap, now), itIsFree)).kind === "written") return 0;
        const queued = await table.update(key, queueUp(gap, now), inTime);
        if (queued.kind === "written") return numberOf(queued.before ?? {}, "next")! - now;
        if (last === undefined) continue;
        const next = numberOf((await table.get(key)) ?? {}, "next");
        if (next !== undefined && next > last) return next - now;
      }
      throw new PortError("too-busy", `the slots of ${what} never rested`, "Deliver the batch again.");
    },
  };
}

function takeNow(gap: number, now: number): Change {
  return assigned(":taken", { ":taken": number(now + gap) }, now);
}

function queueUp(gap: number, now: number): Change {
  return assigned("#next + :gap", { ":gap": number(gap) }, now);
}

function assigned(next: string, values: Clause["values"], now: number): Change {
  return {
    text: `SET #next = ${next}, #ttl = :ttl`,
    names: { "#next": "next", "#ttl": "ttl" },
    values: { ...values, ":ttl": number(Math.ceil((now + KEPT) / 1000)) },
  };
}
