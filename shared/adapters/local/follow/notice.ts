/** What a follower has to tell people: never a reason to stop, and each said once until it changes. */

export type NoticeCode =
  /** A path that does not exist (yet), or a glob that matches nothing. */
  | "missing"
  /** It was missing or unreadable, and is read now. */
  | "found"
  /** No permission, or an I/O error. */
  | "unreadable"
  /** A directory, a pipe, a socket or a device. */
  | "not-a-file"
  /** A gzip, xz, bzip2 or zstd file under a glob. */
  | "compressed"
  /** The name leads elsewhere or nowhere; the file is read to its end. */
  | "rotated"
  /** The file was emptied, or its content replaced. */
  | "truncated"
  /** The file whose position was saved is nowhere to be found. */
  | "lost"
  /** Two jails want different encodings of one file. */
  | "encoding-conflict"
  /** Changes cannot be watched; the poll still finds them. */
  | "not-watched";

export interface FollowNotice {
  readonly code: NoticeCode;
  readonly severity: "note" | "warning" | "error";
  readonly path: string;
  /** One sentence that names the file and what happened. */
  readonly message: string;
  /** What to do, as an instruction. */
  readonly next?: string;
}

/** A follower that cannot be made from what it was given. */
export class FollowError extends Error {
  readonly code = "bad-encoding";
  readonly next: string;

  constructor(message: string, next: string) {
    super(message);
    this.name = "FollowError";
    this.next = next;
  }
}

/** ENOENT, EACCES … of an error that the system gave; undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** What ends when the file is read. */
const OBSTACLES: readonly NoticeCode[] = ["missing", "unreadable", "not-a-file", "compressed"];

/** Tells each thing once per path, and that it is over. */
export class Announcer {
  readonly #report: (notice: FollowNotice) => void;
  readonly #said = new Set<string>();

  constructor(report: (notice: FollowNotice) => void) {
    this.#report = report;
  }

  say(notice: FollowNotice): void {
    this.#report(notice);
  }

  sayOnce(notice: FollowNotice): void {
    const key = `${notice.code} ${notice.path}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#report(notice);
  }

  /** The file is read; worth a word only where an obstacle was reported. */
  sayFound(path: string): void {
    if (this.#said.size === 0) return;
    const over = OBSTACLES.filter((code) => this.#said.delete(`${code} ${path}`));
    if (over.length > 0) this.#report({ code: "found", severity: "note", path, message: `${path} is read now` });
  }
}

export function missing(path: string): FollowNotice {
  const message = `${path} does not exist yet, or nothing matches it`;
  return {
    code: "missing",
    severity: "warning",
    path,
    message,
    next: "Check logpath; the file is read as soon as it appears.",
  };
}

/** The notice for a file that cannot be opened or read. */
export function unreadable(path: string, error: unknown): FollowNotice {
  const denied = errorCode(error) === "EACCES" || errorCode(error) === "EPERM";
  return {
    code: "unreadable",
    severity: "error",
    path,
    message: denied ? `No permission to read ${path}` : `Cannot read ${path}: ${messageOf(error)}`,
    next: denied
      ? `Run as root, or let this user read it: setfacl -m u:$(id -un):r ${path}. It is tried again all the time.`
      : "It is tried again all the time; the other files go on.",
  };
}

export function notAFile(path: string): FollowNotice {
  const message = `${path} is no regular file, so it cannot be followed`;
  return {
    code: "not-a-file",
    severity: "error",
    path,
    message,
    next: "Name the log file itself, or a glob such as DIR/*.log.",
  };
}

export function compressed(path: string): FollowNotice {
  const message = `${path} is a compressed file and is left out`;
  return { code: "compressed", severity: "warning", path, message, next: "Make the glob in logpath narrower." };
}

export function rotated(path: string): FollowNotice {
  return { code: "rotated", severity: "note", path, message: `${path} was rotated or removed; its rest is read` };
}

export function truncated(path: string, copies: readonly string[]): FollowNotice {
  const rest = copies.length === 0 ? "no copy of what it held is there" : `its rest is read from ${copies.join(", ")}`;
  return {
    code: "truncated",
    severity: "note",
    path,
    message: `${path} was emptied or rewritten and is read anew; ${rest}`,
  };
}

export function lost(path: string, offset: number): FollowNotice {
  return {
    code: "lost",
    severity: "warning",
    path,
    message: `What was written to ${path} after byte ${offset}, where reading had stopped, is gone`,
    next: "With delaycompress and a few generations kept by logrotate, the rest is found after a longer stop too.",
  };
}

export function conflict(path: string, used: string, other: string): FollowNotice {
  return {
    code: "encoding-conflict",
    severity: "warning",
    path,
    message: `${path} is wanted as ${used} and as ${other}; it is read as ${used}`,
    next: "Give all jails on this file the same logencoding.",
  };
}

export function notWatched(path: string, error: unknown): FollowNotice {
  return {
    code: "not-watched",
    severity: "warning",
    path,
    message: `Changes in ${path} cannot be watched (${messageOf(error)}); it is looked at by the clock`,
    next:
      errorCode(error) === "EACCES"
        ? `Let this user list ${path}, if a delay of a poll is too long.`
        : "Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances with sysctl.",
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
