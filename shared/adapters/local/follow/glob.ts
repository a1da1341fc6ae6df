/**
 * Python's glob, as `logpath` uses it: `*`, `?`, `[a-z]`, `[!a-z]` within one path segment. `**` means no more than `*`
 * (Fail2Ban does not look into subdirectories either), there is no escape but a class (`[*]`), and a name that starts
 * with a dot is matched only by a segment that does.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import RE2 from "re2";

const MAGIC = /[*?[]/;

/** Whether the path is a pattern at all. */
export function isGlob(path: string): boolean {
  return MAGIC.test(path);
}

/**
 * The paths that the pattern matches, sorted; directories that are missing or closed to us match nothing. A literal end
 * below a pattern (`/srv/[ab]/haproxy.log`) may not exist: whoever opens it sees that.
 */
export async function expandGlob(pattern: string): Promise<string[]> {
  const segments = pattern.split("/");
  let found = [""];
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (isGlob(segment)) {
      const matches = segmentMatcher(segment);
      const below = await Promise.all(found.map((above) => matchesIn(index === 0 ? undefined : above, matches, !last)));
      found = below.flat();
    } else {
      found = found.map((path) => (index === 0 ? segment : `${path}/${segment}`));
    }
  }
  return found.sort();
}

async function matchesIn(above: string | undefined, matches: (name: string) => boolean, onlyDirectories: boolean) {
  try {
    const entries = await readdir(above === undefined ? "." : `${above}/`, { withFileTypes: true });
    return entries
      .filter((entry) => matches(entry.name) && !(onlyDirectories && entry.isFile()))
      .map((entry) => (above === undefined ? entry.name : `${above}/${entry.name}`));
  } catch {
    // Not there, not a directory, or not ours to list: nothing matches until the next look.
    return [];
  }
}

/** Whether the pattern (or plain path) matches this path, by name alone. */
export function matchesGlob(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = path.split("/");
  return (
    wanted.length === given.length && wanted.every((segment, index) => segmentMatches(segment, given[index] ?? ""))
  );
}

/** Whether something below this path could match the pattern, so that a new directory is worth a look. */
export function leadsTo(pattern: string, path: string): boolean {
  const given = path.split("/");
  return matchesGlob(pattern.split("/").slice(0, given.length).join("/"), path);
}

/** The deepest directory of a path or pattern that is written out. */
export function literalDirectory(pattern: string): string {
  const segments = pattern.split("/").slice(0, -1);
  const magic = segments.findIndex(isGlob);
  return join(
    segments.slice(0, magic < 0 ? segments.length : magic).join("/") || (pattern.startsWith("/") ? "/" : "."),
  );
}

function segmentMatches(segment: string, name: string): boolean {
  return isGlob(segment) ? segmentMatcher(segment)(name) : segment === name;
}

/** Compiled segments of the configuration's patterns: a cache, and as small as the configuration. */
const compiled = new Map<string, RE2>();

/** Names in a log directory may come from elsewhere: RE2, so that no pattern and name together take long. */
function segmentMatcher(segment: string): (name: string) => boolean {
  const regex = compiled.get(segment) ?? new RE2(`^${translate(segment)}$`, "su");
  compiled.set(segment, regex);
  return (name) => (segment.startsWith(".") || !name.startsWith(".")) && regex.test(name);
}

function translate(segment: string): string {
  let source = "";
  for (let at = 0; at < segment.length; at++) {
    const char = segment[at] ?? "";
    if (char === "*") source += ".*";
    else if (char === "?") source += ".";
    else if (char === "[") {
      // A `]` that comes first belongs to the class; a `[` that nothing closes is itself.
      const first = segment[at + 1] === "!" ? at + 2 : at + 1;
      const close = segment.indexOf("]", first + 1);
      if (close < 0) {
        source += "\\[";
        continue;
      }
      source += classOf(segment.slice(first, close), first === at + 2);
      at = close;
    } else source += char.replace(/[\\^$.|+(){}\]]/g, "\\$&");
  }
  return source;
}

function classOf(members: string, negated: boolean): string {
  // An empty range such as `z-a` matches nothing in Python and is an error in RE2.
  const kept = members.replace(/(.)-(.)/gsu, (range, from: string, to: string) => (from > to ? "" : range));
  if (kept === "") return negated ? "." : "[^\\x00-\\x{10FFFF}]";
  return `[${negated ? "^" : ""}${kept.replace(/[\\[\]^]/g, "\\$&")}]`;
}
