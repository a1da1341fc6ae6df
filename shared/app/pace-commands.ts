/**
 * Changes wait for a slot before they become a command, so that a storm of bans makes few commands: while one waits, the
 * next batch grows. A ban that comes alone goes at once.
 *
 * The slots are shared by everybody who sends changes, one reader per shard of the stream, however many those are.
 */
import { PortError } from "../ports/failure.ts";
import type { Fleet } from "../ports/fleet.ts";
import type { Pace } from "../ports/pace.ts";

/** The name of the slots in the port Pace. */
export const COMMANDS = "commands";

/**
 * Between two commands, ms. A storm of a minute takes 6 slots; each of four shards then has what came in during its last
 * wait: 10 commands in all.
 */
export const COMMAND_GAP = 12_000;

export interface PaceDeps {
  readonly pace: Pace;
  /** Epoch ms. */
  readonly now: () => number;
  /** Waits for so many ms. */
  readonly wait: (duration: number) => Promise<void>;
  /** How long one may wait at all, ms: what the process has left to live, less what sending takes. */
  readonly longest: () => number;
  /** Default COMMAND_GAP. */
  readonly gap?: number;
}

/**
 * The fleet, with `apply` waiting for its slot. Throws PortError "unavailable" where the slot comes too late: the changes
 * come again from the stream.
 */
export function paceCommands(fleet: Fleet, { pace, now, wait, longest, gap = COMMAND_GAP }: PaceDeps): Fleet {
  return {
    ...fleet,
    async apply(changes) {
      const patience = Math.max(0, longest());
      const duration = await pace.reserve(COMMANDS, gap, now(), patience);
      if (duration > patience) {
        const message = `the next slot for a command is ${Math.ceil(duration / 1000)} s away`;
        throw new PortError("unavailable", message, "Deliver the changes again; the commands before them go first.");
      }
      if (duration > 0) await wait(duration);
      return fleet.apply(changes);
    },
  };
}
