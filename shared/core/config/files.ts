/**
 * The configuration as a set of files, without a file system: the compiler runs in a test, at deploy and on a host alike.
 *
 * Paths are relative to the configuration's root ("jail.conf", "filter.d/sshd.conf") with "/" between their parts; a
 * path that begins with "/" is what an include names absolutely, and an implementation may know it or not.
 */

/** Read-only files. Both functions give the same answer each time they are asked. */
export interface ConfigFiles {
  /** The text of a file, or undefined where there is none. Bytes that are not UTF-8 come as U+FFFD. */
  read(path: string): string | undefined;
  /** The names of the files directly in a directory ("filter.d"; "" is the root), in any order; empty if there is none. */
  list(directory: string): readonly string[];
}

/**
 * Lays sets of files over one another: a file of a later set hides the file of the same path in earlier ones, as a whole.
 * A set that has a `jail.conf` is a complete Fail2Ban tree (a copy of /etc/fail2ban): the sets before it are left out.
 */
export function layer(...sets: readonly ConfigFiles[]): ConfigFiles {
  let found: readonly ConfigFiles[] | undefined;
  const visible = () => {
    found ??= sets
      .slice(
        Math.max(
          0,
          sets.findLastIndex((set) => set.read("jail.conf") !== undefined),
        ),
      )
      .reverse();
    return found;
  };
  return {
    read(path) {
      for (const set of visible()) {
        const text = set.read(path);
        if (text !== undefined) return text;
      }
      return undefined;
    },
    list: (directory) => [...new Set(visible().flatMap((set) => set.list(directory)))],
  };
}

/** The path that `target`, written in a file of `directory`, means. */
export function resolvePath(directory: string, target: string): string {
  if (target.startsWith("/") || directory === "") return normalisePath(target);
  return normalisePath(`${directory}/${target}`);
}

/** The directory part of a path; "" for the root. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

function normalisePath(path: string): string {
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
    else if (part !== ".." || !absolute) parts.push(part);
  }
  return (absolute ? "/" : "") + parts.join("/");
}
