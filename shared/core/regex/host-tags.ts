/**
 * Fail2Ban's tags in regexes: `<HOST>` and its kin become named groups, everything unknown stays as it is, so that
 * `<NOSRV>` is the text "<NOSRV>". The pass is one of plain text, before any parsing, as Fail2Ban's is: it reaches into
 * `(?P<HOST>` too and destroys it.
 */

const IP4 = String.raw`(?:::f{4,6}:)?(?P<ip4>(?:\d{1,3}\.){3}\d{1,3})`;
/** Fail2Ban guards the last colon by a look-behind that always holds; without it the meaning is the same. */
const IP6 = "(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|:))";
const DNS = String.raw`(?P<dns>[\w\-.^_]*\w)`;
const CIDR = String.raw`(?P<cidr>\d+)`;
const ADDR = String.raw`\[?(?:${IP4}|${IP6})\]?`;
const SUBNET = String.raw`\[?(?:${IP4}|${IP6})(?:/${CIDR})?\]?`;

const EXPANSIONS: ReadonlyMap<string, string> = new Map([
  ["IP4", IP4],
  ["IP6", IP6],
  ["ADDR", ADDR],
  ["DNS", DNS],
  ["CIDR", CIDR],
  ["SUBNET", SUBNET],
  ["F-IP4/", IP4],
  ["F-IP6/", IP6],
  ["F-ADDR/", ADDR],
  ["F-DNS/", DNS],
  ["F-CIDR/", CIDR],
  ["F-SUBNET/", SUBNET],
  ["F-ID/", String.raw`(?P<fid>\S+)`],
  ["F-PORT/", String.raw`(?P<fport>\w+)`],
]);

/** Names that mean something to Fail2Ban itself. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ["id", "fid"],
  ["port", "fport"],
]);

const TAG = /<\/?[\p{L}\p{N}_-]+\/?>/gu;
const OWN_TAG = /^(\/?)F-([A-Z0-9_-]+)$/;
/** `(?i)` right behind the opening of a group, which Python refuses there: it is meant for the group. */
const GLOBAL_IN_GROUP = /(?<!\\)\((?:\?:)?(\(\?[a-z]+)\)/g;

export interface TagOptions {
  /** The jail's `usedns`; "no" leaves host names out of `<HOST>`. */
  readonly usedns?: "yes" | "warn" | "no" | "raw";
}

/** Expands the tags of a Fail2Ban regex; the result is Python's syntax. */
export function expandTags(text: string, { usedns = "yes" }: TagOptions = {}): string {
  const opened = new Set<string>();
  let skips = 0;
  const expanded = text.replace(TAG, (tag) => {
    const name = tag.slice(1, -1);
    if (name === "HOST") return usedns === "no" ? ADDR : `(?:${ADDR}|${DNS})`;
    if (name === "SKIPLINES") return String.raw`\n(?P<skiplines${skips++}>(?:(?:.*\n)*?))`;
    const expansion = EXPANSIONS.get(name);
    if (expansion !== undefined) return expansion;
    const own = OWN_TAG.exec(name);
    if (own === null) return tag;
    if (own[1] === "/") return opened.has(own[2]!) ? ")" : tag;
    opened.add(own[2]!);
    return `(?P<${groupName(own[2]!)}>`;
  });
  return expanded.replace(GLOBAL_IN_GROUP, "$1:");
}

function groupName(tag: string): string {
  const name = tag.toLowerCase();
  return RENAMED.get(name) ?? name;
}

/** Groups by which a failure can be told whose it is; mlfid finds the address on another line. */
const ID_GROUPS: readonly string[] = ["fid", "ip4", "ip6", "dns", "mlfid"];

/** Whether a failregex, or the prefregex before it, says who failed. */
export function namesSomeone(groupNames: readonly string[]): boolean {
  return groupNames.some((name) => ID_GROUPS.includes(name));
}

function isFurtherName(name: string): boolean {
  return name.startsWith("alt_") || name.startsWith("tuple_");
}

const MERGED_NAME = /^(alt_|tuple_)(.*?)(?:_\d+)?$/;

/**
 * The groups as Fail2Ban reports them: alt_NAME and alt_NAME_1 fill NAME while it is empty, tuple_NAME joins NAME as a
 * further part, written as Python writes a tuple: ('root', '192.0.2.1'). The groups themselves stay.
 */
export function mergeGroups(
  groups: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  if (!Object.keys(groups).some(isFurtherName)) return groups;
  const merged: Record<string, string | undefined> = { ...groups };
  const parts = Object.keys(groups)
    .sort()
    .map((key) => ({ key, match: key.length > 4 ? MERGED_NAME.exec(key) : null }))
    .flatMap(({ key, match }) => (match === null ? [] : [{ key, kind: match[1], name: groupName(match[2]!) }]));
  for (const { key, kind, name } of parts) {
    if (kind === "alt_" && groups[key] && !merged[name]) merged[name] = groups[key];
  }
  const tuples = new Map<string, (string | undefined)[]>();
  for (const { key, kind, name } of parts) {
    if (kind !== "tuple_") continue;
    const tuple = tuples.get(name) ?? [merged[name]];
    tuples.set(name, [...tuple, groups[key]]);
  }
  for (const [name, tuple] of tuples) merged[name] = `(${tuple.map(pythonText).join(", ")})`;
  return merged;
}

function pythonText(text: string | undefined): string {
  if (text === undefined) return "None";
  return text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replace(/['\\]/g, "\\$&")}'`;
}
