/**
 * Takes a path for a listening socket: from nobody, or from a server that is dead, never from one that lives.
 *
 * Only its owner may use the socket: it is made without rights for others, in a directory that is private if it has to be
 * made. Two servers that start at once and find the same dead socket cannot both win, nor can one remove the other's.
 */
import { chmod, lstat, mkdir, rmdir, stat, unlink } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { ControlError } from "./protocol.ts";

/** sockaddr_un holds 108 bytes with the final NUL. */
const PATH_BYTES = 107;

/** A lock is held for milliseconds; one this old was left by a process that died within them. */
const LOCK_AGE = 10_000;
const LOCK_WAIT = 20;

/** Listens on `path` with mode 0600. Throws ControlError `already-running`, `no-permission` or `bad-path`. */
export async function claim(server: Server, path: string): Promise<void> {
  await prepareDirectory(path);
  if (await listen(server, path)) await takeOver(server, path);
  await chmod(path, 0o600);
}

/**
 * Replaces a dead socket. Only who holds the lock removes one, so what was found dead is still the same when it goes, and
 * of several that start at once one wins.
 */
async function takeOver(server: Server, path: string): Promise<void> {
  const lock = `${path}.lock`;
  for (let waited = 0; !(await lockedNow(lock)); waited += LOCK_WAIT) {
    if (waited > 2 * LOCK_AGE) throw new ControlError("bad-path", `${lock} is in the way`, `Remove ${lock}.`);
    await sleep(LOCK_WAIT);
  }
  try {
    await removeDead(path);
    if (await listen(server, path)) throw alreadyRunning(path);
  } finally {
    await rmdir(lock).catch(() => undefined);
  }
}

async function lockedNow(lock: string): Promise<boolean> {
  try {
    await mkdir(lock, { mode: 0o700 });
    return true;
  } catch (error) {
    // Somebody else holds it: he is done in a moment, or never.
    if (codeOf(error) !== "EEXIST") throw cannotListen(lock, error);
    const held = await stat(lock).catch(() => undefined);
    if (held !== undefined && Date.now() - held.mtimeMs > LOCK_AGE) await rmdir(lock).catch(() => undefined);
    return false;
  }
}

async function prepareDirectory(path: string): Promise<void> {
  if (Buffer.byteLength(path) > PATH_BYTES) {
    const message = `The path of a socket has at most ${PATH_BYTES} bytes: ${path}`;
    throw new ControlError("bad-path", message, "Choose a shorter one.");
  }
  const directory = dirname(path);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { mode } = await stat(directory);
    const isOpenToAll = (mode & 0o002) !== 0 && (mode & 0o1000) === 0;
    if (!isOpenToAll) return;
  } catch (error) {
    throw cannotListen(path, error);
  }
  const message = `Everybody may replace files in ${directory}, so no control socket is made there`;
  throw new ControlError("bad-path", message, `chmod o-w ${directory}, or choose another directory.`);
}

/** True if something is there already. */
function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      server.off("listening", listening);
      if (error.code === "EADDRINUSE") resolve(true);
      else reject(cannotListen(path, error));
    };
    const listening = () => {
      server.off("error", failed);
      resolve(false);
    };
    server.once("error", failed);
    server.once("listening", listening);
    // The socket file is made within listen(): from its first moment on it is nobody else's. Threads cannot set a umask.
    const umask = isMainThread ? process.umask(0o077) : undefined;
    server.listen(path);
    if (umask !== undefined) process.umask(umask);
  });
}

async function removeDead(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new ControlError("bad-path", `${path} exists and is no socket`, "Remove it, or choose another path.");
  }
  if (await isAlive(path)) throw alreadyRunning(path);
  await unlink(path).catch((error: unknown) => {
    throw cannotListen(path, error);
  });
}

function alreadyRunning(path: string): ControlError {
  const message = `Server already running: somebody answers on ${path}`;
  return new ControlError("already-running", message, "Stop it first, or give this one another socket.");
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(false);
      // A full queue of connections is a server that is busy, or hangs, but lives.
      else if (error.code === "EAGAIN") resolve(true);
      else reject(cannotListen(path, error));
    });
  });
}

function cannotListen(path: string, error: unknown): ControlError {
  const code = codeOf(error);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    const message = `No permission to make the socket ${path}`;
    return new ControlError("no-permission", message, "Run as root, or choose a path of your own.", { cause: error });
  }
  return new ControlError("bad-path", `Cannot listen on ${path}: ${error}`, "Choose another path.", { cause: error });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
