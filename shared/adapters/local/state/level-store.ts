/**
 * The durable store: LevelDB in a folder, one writer at a time.
 *
 * A write is one record of LevelDB's log, so a killed process leaves all of it or nothing. It is not flushed to the
 * disk each time: after a power cut the newest batches may be missing, but they are missing together with the offsets
 * of the log files, and the lines are read again.
 */
import { ClassicLevel } from "classic-level";
import { PortError } from "../../../ports/failure.ts";
import type { KeyValue } from "./key-value.ts";

/** Opens or creates the store. Throws PortError: state-locked, state-corrupt or state-unusable. */
export async function openLevelStore(folder: string): Promise<KeyValue> {
  const level = new ClassicLevel<string, string>(folder, { keyEncoding: "utf8", valueEncoding: "utf8" });
  await level.open().catch((cause: unknown) => {
    throw translate(cause, folder);
  });
  return {
    get(key) {
      try {
        return level.getSync(key);
      } catch (cause) {
        throw translate(cause, folder);
      }
    },
    async *range(from, to) {
      try {
        yield* level.iterator({ gte: from, lt: to });
      } catch (cause) {
        throw translate(cause, folder);
      }
    },
    async write(changes) {
      const operations = [...changes].map(([key, value]) =>
        value === undefined ? ({ type: "del", key } as const) : ({ type: "put", key, value } as const),
      );
      await level.batch(operations).catch((cause: unknown) => {
        throw translate(cause, folder);
      });
    },
    close: () => level.close(),
  };
}

function translate(error: unknown, folder: string): unknown {
  const code = codeOf(error);
  switch (code) {
    case undefined:
      return error;
    case "LEVEL_LOCKED":
      return new PortError(
        "state-locked",
        `the state in ${folder} is open in another process`,
        "Stop the other fleet2ban, or give this one a state folder of its own.",
        error,
      );
    case "LEVEL_CORRUPTION":
    case "LEVEL_INVALID_ARGUMENT":
      return new PortError(
        "state-corrupt",
        `the state in ${folder} is damaged`,
        `Move ${folder} away and start again: current bans, counts and log offsets begin anew. Keep the folder for a report.`,
        error,
      );
    default:
      return new PortError(
        "state-unusable",
        `the state in ${folder} cannot be read or written (${code})`,
        "Check that it is a folder, that it belongs to this user, and that the disk is not full.",
        error,
      );
  }
}

/** The innermost code: LevelDB's own reason is the cause of a failed opening. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return codeOf(error.cause) ?? (error as NodeJS.ErrnoException).code;
}
