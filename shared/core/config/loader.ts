/**
 * One configuration ("jail", "filter.d/sshd") put together from its files.
 *
 * The order, for every name alike: NAME.conf, NAME.d/*.conf, NAME.local, NAME.d/*.local; later files win, option by
 * option. A file's includes come before and after it, each followed by its own .local. Whatever is missing is skipped.
 */
import { ConfigFault, fatalFault } from "./config-fault.ts";
import type { ConfigFiles } from "./files.ts";
import { directoryOf, resolvePath } from "./files.ts";
import type { Sections } from "./ini.ts";
import { parseIni } from "./ini.ts";
import { readOption } from "./interpolate.ts";
import type { Problem } from "./problem.ts";
import type { Store } from "./store.ts";
import { INCLUDES_SECTION, merge } from "./store.ts";

/** Reads configurations out of one set of files; each is read once, however many jails share it. */
export interface Loader {
  /**
   * The configuration of that name, or undefined where it has no file; `builtIn` stands in for a NAME.conf that is not
   * there. Throws a ConfigFault, breadth everything, for the first thing that cannot be read.
   */
  load(name: string, builtIn?: Sections): Store | undefined;
  /** Everything that was wrong with the files read so far. */
  readonly problems: readonly Problem[];
  /** Names below a directory: "filter.d" → "sshd", "apache-auth" … */
  names(directory: string): readonly string[];
}

/** A file that its own .local includes leads to itself through a path that Fail2Ban's check does not see. */
const MAX_INCLUDE_DEPTH = 100;
/** Of files followed, and of the files in one's reading order: sixty that each include the next two would make 2^60. */
const MAX_INCLUDES = 20_000;

/** A loader over `files`. */
export function createLoader(files: ConfigFiles): Loader {
  const parsed = new Map<string, Sections | ConfigFault | undefined>();
  const stores = new Map<string, Store | undefined>();
  const problems: Problem[] = [];
  const read = (path: string) => guarded(path, () => files.read(path));
  const list = (directory: string) => guarded(directory, () => files.list(directory));

  const parse = (path: string): Sections | undefined => {
    if (!parsed.has(path)) parsed.set(path, parseOnce(path));
    const result = parsed.get(path);
    if (result instanceof ConfigFault) throw result;
    return result;
  };
  const parseOnce = (path: string): Sections | ConfigFault | undefined => {
    const text = read(path);
    if (text === undefined) return undefined;
    const file = parseIni(path, text);
    if (file.kind === "parsed") return file.sections;
    for (const problem of file.problems) problems.push(problem);
    return new ConfigFault(file.problems[0]!, "everything");
  };

  let followed = 0;
  const orders = new Map<string, readonly string[]>();
  /**
   * The files and what they include, in reading order; a path in `above` closes a circle and is left out. The order of
   * a group of files is found once: where files include one another, it matters from where they were first reached.
   */
  const inOrder = (paths: readonly string[], above: readonly string[]): readonly string[] => {
    const group = paths.join("\0");
    const order = orders.get(group) ?? paths.flatMap((path) => withIncludes(path, above));
    orders.set(group, order);
    return order;
  };
  const withIncludes = (path: string, above: readonly string[]): readonly string[] => {
    const sections = parse(path);
    if (sections === undefined) return [];
    if (above.length > MAX_INCLUDE_DEPTH || ++followed > MAX_INCLUDES) throw tooMany(path);
    const order: string[] = [];
    const add = (one: string) => {
      if (order.push(one) > MAX_INCLUDES) throw tooMany(path);
    };
    const include = (option: "before" | "after") => {
      const value = sections.has(INCLUDES_SECTION) && readOption({ sections }, INCLUDES_SECTION, option);
      if (!value) return;
      for (const line of value.text.split("\n")) {
        const target = resolvePath(directoryOf(path), line);
        if (!above.includes(target)) inOrder(withLocal(target), [...above, path]).forEach(add);
      }
    };
    include("before");
    add(path);
    include("after");
    return order;
  };
  const withLocal = (path: string): readonly string[] => {
    const local = localOf(path);
    return local !== path && read(local) !== undefined ? [path, local] : [path];
  };

  const filesOf = (name: string): string[] => {
    const parts = (suffix: string) => {
      const own = list(`${name}.d`).filter((file) => file.endsWith(suffix) && !file.startsWith("."));
      return [`${name}${suffix}`, ...own.sort(byCodePoint).map((file) => `${name}.d/${file}`)];
    };
    return [...parts(".conf"), ...parts(".local")].filter((path) => read(path) !== undefined);
  };

  const loadOnce = (name: string, builtIn: Sections | undefined): Store | undefined => {
    const paths = filesOf(name);
    const standsIn = builtIn !== undefined && !paths.includes(`${name}.conf`);
    if (paths.length === 0 && !standsIn) return undefined;
    const sections: Sections = new Map();
    if (standsIn) merge(sections, builtIn);
    for (const path of inOrder(paths, [])) merge(sections, parse(path) ?? new Map());
    return { sections };
  };

  return {
    load(name, builtIn) {
      if (!stores.has(name)) stores.set(name, loadOnce(name, builtIn));
      return stores.get(name);
    },
    problems,
    names(directory) {
      const named = list(directory).flatMap((file) => /^(.+)\.(?:conf|local)$/.exec(file)?.[1] ?? []);
      return [...new Set(named)].sort(byCodePoint);
    },
  };
}

function tooMany(path: string): ConfigFault {
  const message = "the includes go in a circle, or there are too many";
  return fatalFault("bad-syntax", message, { file: path, line: 1 }, "Do not include a file from its own .local.");
}

function guarded<Result>(path: string, step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    // Half a configuration is worse than none: a file that is there but cannot be read stops everything.
    const reason = error instanceof Error ? error.message : String(error);
    throw fatalFault("missing-file", `cannot be read: ${reason}`, { file: path, line: 1 }, "Make it readable.");
  }
}

function localOf(path: string): string {
  const slash = path.lastIndexOf("/");
  const dot = path.lastIndexOf(".");
  return `${dot > slash + 1 ? path.slice(0, dot) : path}.local`;
}

function byCodePoint(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
