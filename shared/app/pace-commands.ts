/**
 * Changes wait for a slot before they become a command, so that a storm of bans makes few commands, whatever the number of
 * those who send. A ban that comes alone goes at once.
 *
 * The stream of ban rows has one reader a shard. The first one leads: it takes the next slot and waits for it. The others
 * leave their changes with it, and stay until they are sent; if the leader dies, one of them takes its place.
 */
import type { HostChange } from "../core/firewall/change.ts";
import { PortError } from "../ports/failure.ts";
import type { Fleet, FleetReport } from "../ports/fleet.ts";
import type { Pace } from "../ports/pace.ts";
import type { Pool } from "../ports/pool.ts";

/** The name of the slots in the port Pace. */
export const COMMANDS = "commands";

/** Between two commands, ms: a minute has at most eight slots, and what comes at its end takes two more. */
export const COMMAND_GAP = 8_000;

export interface PaceDeps {
  readonly pace: Pace;
  /** Where senders meet, and this one's name, of which there is no other. Absent = each waits for a slot of its own. */
  readonly pool?: { readonly port: Pool; readonly who: string };
  /** Epoch ms. */
  readonly now: () => number;
  /** Waits for so many ms. */
  readonly wait: (duration: number) => Promise<void>;
  /** How long one may wait at all, ms: what the process has left to live, less what sending takes. */
  readonly longest: () => number;
  /** Default COMMAND_GAP. */
  readonly gap?: number;
}

/** How often one who left its changes looks whether they are sent, ms. */
const LOOK = 1_000;
/** Who leads has a gap for waiting, and so long to begin, ms; then another one takes its place. */
const LATE = 15_000;

/**
 * The fleet, with `apply` waiting for its slot; where another one's command carried the changes, it reports nothing.
 * Throws PortError "unavailable" where the slot comes too late: the changes come again from the stream.
 */
export function paceCommands(fleet: Fleet, deps: PaceDeps): Fleet {
  return {
    ...fleet,
    async apply(changes) {
      if (deps.pool !== undefined) return applyTogether(changes, fleet, deps, deps.pool);
      await waitForSlot(deps);
      return fleet.apply(changes);
    },
  };
}

async function applyTogether(
  changes: readonly HostChange[],
  fleet: Fleet,
  deps: PaceDeps,
  { port, who }: NonNullable<PaceDeps["pool"]>,
): Promise<readonly FleetReport[]> {
  const { now, wait, longest, gap = COMMAND_GAP } = deps;
  let deposited = false;
  for (;;) {
    if (await port.lead(who, now(), now() + gap + LATE)) {
      await waitForSlot(deps).catch(async (error: unknown) => {
        // Somebody with more time may lead at once.
        await port.begin(who);
        throw error;
      });
      // From here on others leave their changes with the next one, so what is read now is all that is ours to send.
      if (!(await port.begin(who))) continue;
      const left = await port.deposits();
      const others = left.filter((deposit) => deposit.who !== who);
      const sent = deposited && !left.some((deposit) => deposit.who === who);
      const all = [...others.flatMap((deposit) => deposit.changes), ...(sent ? [] : changes)];
      const reports = all.length > 0 ? await fleet.apply(all) : [];
      await port.remove(left.map((deposit) => deposit.who));
      return reports;
    }
    if (!deposited) {
      await port.deposit({ who, changes }, now());
      deposited = true;
      // Whoever led may have begun before this: then it does not carry ours, and the lead is free.
      continue;
    }
    if (longest() < LOOK) throw tooLate(LOOK);
    await wait(LOOK);
    if (!(await port.deposits()).some((deposit) => deposit.who === who)) return [];
  }
}

async function waitForSlot({ pace, now, wait, longest, gap = COMMAND_GAP }: PaceDeps): Promise<void> {
  const patience = Math.max(0, longest());
  const duration = await pace.reserve(COMMANDS, gap, now(), patience);
  if (duration > patience) throw tooLate(duration);
  if (duration > 0) await wait(duration);
}

function tooLate(duration: number): PortError {
  const message = `the next slot for a command is ${Math.ceil(duration / 1000)} s away`;
  return new PortError("unavailable", message, "Deliver the changes again; the commands before them go first.");
}
