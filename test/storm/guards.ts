/**
 * Guards of the app and the tables, each with the break that takes it out. A storm that does not notice a broken guard
 * proves nothing, so each is broken in turn, in a copy of the sources, and the copy goes through the same seeds.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { StormReport } from "./storm.ts";

export interface Guard {
  readonly name: string;
  /** A storm that noticed when this was written. */
  readonly seed: number;
  readonly file: string;
  /** Stands in the file once. */
  readonly guard: string;
  readonly broken: string;
}

export const GUARDS: readonly Guard[] = [
  {
    name: "a window is saved only over the version that was read",
    seed: 1,
    file: "test/storm/tables.ts",
    guard: "if (stored !== version) return",
    broken: "if (stored < 0) return",
  },
  {
    name: "a ban is written only where none stands",
    seed: 1,
    file: "test/storm/tables.ts",
    guard: "if (!over && previous.generation !== replacing) return",
    broken: "if (!over && previous.generation < 0) return",
  },
  {
    name: "a row is deleted only in the generation that was seen",
    seed: 55,
    file: "test/storm/tables.ts",
    guard: "if (ban === undefined || ban.generation !== key.generation) return false;",
    broken: "if (ban === undefined) return false;",
  },
  {
    name: "a failure counts once by its identity",
    seed: 1,
    file: "shared/core/detect/window.ts",
    guard: "if (known.has(failure.identity) || !isOpenAt(window, failure.at)) continue;",
    broken: "if (!isOpenAt(window, failure.at)) continue;",
  },
  {
    name: "failures count together only within findtime",
    seed: 1,
    file: "shared/core/detect/window.ts",
    guard: "if (since - failures[first]!.at < policy.findtime) {",
    broken: "if (since - failures[first]!.at < 2 * policy.findtime) {",
  },
  {
    name: "failures are kept as long as late ones may join them",
    seed: 14,
    file: "shared/core/detect/window.ts",
    guard: "const horizon = all.at(-1)!.at - 2 * policy.findtime;",
    broken: "const horizon = all.at(-1)!.at - policy.findtime / 4;",
  },
  {
    name: "what an earlier ban settled makes no new one",
    seed: 1,
    file: "shared/app/place-ban.ts",
    guard: "if (own?.until !== undefined && isSettled(own, decision.failures[0]!.at)) {",
    broken: "if (own?.until !== undefined && isSettled(own, 0) && previousBans(history, key.jail, false) < 0) {",
  },
  {
    name: "what could not be counted comes again",
    seed: 2,
    file: "shared/app/ingest-events.ts",
    guard:
      'if (count.conflicts > 0) deps.metrics.count("WindowConflicts", count.conflicts, key.jail);\n    } catch (cause) {\n      // Direction: this group comes again, the others go on.\n      failed.push({ key, cause });',
    broken:
      'if (count.conflicts > 0) deps.metrics.count("WindowConflicts", count.conflicts, key.jail);\n    } catch (cause) {\n      void cause;',
  },
  {
    name: "the allowlist is asked",
    seed: 1,
    file: "shared/app/check-allowlist.ts",
    guard: 'if ((await listsOf(rules)).some((list) => list.covers(target))) return "ignoreip";',
    broken: "",
  },
  {
    name: "a host takes only what is newer than what it knows",
    seed: 7,
    file: "shared/core/firewall/ledger.ts",
    guard: "if (!replaces(known) && !supersedes({ kind, generation, expiry }, known)) return;",
    broken: "",
  },
  {
    name: "a host that differs gets the full list",
    seed: 1,
    file: "shared/app/reconcile-fleet.ts",
    guard: "if (needy.length === 0) return [];",
    broken: "if (needy.length >= 0) return [];",
  },
  {
    name: "a full list spares what a host learnt since it was read",
    seed: 54,
    file: "shared/core/firewall/ledger.ts",
    guard: "asOf === undefined || seconds(known.learntAt) < seconds(asOf)",
    broken: "asOf === undefined || known.learntAt > 0",
  },
  {
    name: "a mail that went is marked",
    seed: 1,
    file: "shared/app/notify-people.ts",
    guard: "await marks.note(mark, now() + MARK_KEPT);",
    broken: "",
  },
  {
    name: "a ban is counted once by its generation",
    seed: 1,
    file: "shared/app/count-bans.ts",
    guard: "ban.generation}`, new Map(",
    broken: "Math.random()}`, new Map(",
  },
];

const REPOSITORY = join(import.meta.dirname, "../..");
/** What a storm runs on. */
const SOURCES = ["shared", "test/storm", "test/app/rig.ts", "package.json", "tsconfig.json"];

/** The reports of the seeds `from` to `from + count - 1` with the guard broken; throws where its text is not found once. */
export async function stormWithout(guard: Guard, from: number, count: number): Promise<readonly StormReport[]> {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-storm-"));
  try {
    for (const source of SOURCES) {
      mkdirSync(dirname(join(folder, source)), { recursive: true });
      cpSync(join(REPOSITORY, source), join(folder, source), { recursive: true });
    }
    symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
    const file = join(folder, guard.file);
    const text = readFileSync(file, "utf8");
    if (text.split(guard.guard).length !== 2) throw new Error(`${guard.file} has not once: ${guard.guard}`);
    writeFileSync(
      file,
      text.replace(guard.guard, () => guard.broken),
    );
    const args = ["--import", "tsx", "test/storm/main.ts", "--seeds", `${from}+${count}`, "--json"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 26 }).catch(
      // Broken rules end it with 1; its report is there all the same.
      (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? "" }),
    );
    return (JSON.parse(stdout) as { readonly reports: readonly StormReport[] }).reports;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
