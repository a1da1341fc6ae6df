/**
 * Where what is dear to build is kept between deployments, and how processes that want the same thing build it once.
 *
 * A finished thing appears under its name by one rename, so it is whole or not there, whatever ends a process.
 */
import { linkSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** `$XDG_CACHE_HOME/fleet2ban`, or `~/.cache/fleet2ban`. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "fleet2ban");
}

/** Tells a person what takes long; standard output belongs to the templates. */
export type Say = (line: string) => void;

export const sayOnStderr: Say = (line) => process.stderr.write(`fleet2ban: ${line}\n`);

/**
 * Has `build` fill a scratch folder and puts what it returns (a path in there) at `target`, replacing what was there.
 * Nothing is left of a build that throws.
 */
export async function buildInto(target: string, build: (scratch: string) => Promise<string>): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const scratch = mkdtempSync(join(dirname(target), `.${basename(target)}-`));
  try {
    const built = await build(scratch);
    // A folder cannot be renamed over another; what is there is only replaced because it was found bad.
    rmSync(target, { recursive: true, force: true });
    renameSync(built, target);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Longer than any build: a lock of that age belongs to a process whose number another one bears by now. */
const STALE_MS = 30 * 60_000;

/**
 * Runs `work` while no other process runs its own under the same name. Held by a process that lives: waits. Left behind by
 * one that died: taken over. Two that take it over at the same moment both work, which
 * costs time and nothing else, since results appear by rename.
 */
export async function withLock<T>(path: string, say: Say, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  for (let waited = false; !take(path); waited = true) {
    const holder = holderOf(path);
    if (holder === undefined) rmSync(path, { force: true });
    else {
      if (!waited) say(`waiting for process ${holder}, which builds the same`);
      await sleep(250);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path: string): boolean {
  // Linked, not created: the lock holds its owner's number from the first moment that others can see it.
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    // Only "it is there" means that another holds it; a full disk or a read-only folder is the caller's to know.
    if (codeOf(error) !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** The living process that holds the lock. */
function holderOf(path: string): number | undefined {
  let pid: number | undefined;
  try {
    if (Date.now() - statSync(path).mtimeMs > STALE_MS) return undefined;
    pid = Number(readFileSync(path, "utf8"));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // A process that we may not signal lives; otherwise the file or the process is gone, and the lock free to be taken.
    return codeOf(error) === "EPERM" ? pid : undefined;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
