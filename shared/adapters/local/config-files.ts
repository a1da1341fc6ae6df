/** Configuration files of this host: the shipped defaults, with a person's directory over them. */
import { readdirSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { ConfigFiles } from "../../core/config/files.ts";
import { layer } from "../../core/config/files.ts";

/**
 * The files below `roots`, later ones over earlier ones as `layer` says: a root with a `jail.conf` of its own is complete
 * and hides those before it. Read when first asked for, then remembered, so that one compilation sees one state.
 * `read` throws for a file that is there but may not be read.
 */
export function readConfigFiles(...roots: readonly string[]): ConfigFiles {
  return layer(...roots.map(rememberFiles));
}

function rememberFiles(root: string): ConfigFiles {
  const texts = new Map<string, string | undefined>();
  const lists = new Map<string, readonly string[]>();
  const located = (path: string) => (isAbsolute(path) ? path : join(root, path));
  return {
    read(path) {
      if (!texts.has(path)) texts.set(path, readText(located(path)));
      return texts.get(path);
    },
    list(directory) {
      const names = lists.get(directory) ?? readNames(located(directory));
      lists.set(directory, names);
      return names;
    },
  };
}

function readText(path: string): string | undefined {
  try {
    // Bytes that are not UTF-8 become U+FFFD, which the parser reports with their line; a byte order mark stays.
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function readNames(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** Not there, or no file but a directory, or the other way round: Fail2Ban passes over all of them. */
function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return ["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"].includes(code);
}
