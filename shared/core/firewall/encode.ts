/**
 * Changes as text for the host script: lines of words, in letters that no shell, regex or kernel reads as anything else.
 *
 *   fleet2ban 1                          what follows, and its edition
 *   r FROM TO [ASOF]                     full lists only: the keys "CHAIN,TARGET" that this chunk speaks for; - = open
 *   j CHAIN [REVISION HOOKS]             the jail of the lines below
 *   p PROTOCOL PORTS BLOCK               one of its rules
 *   t EXPIRY GENERATION                  what the times below are counted from; without it from 0
 *   b TARGET [EXPIRY GENERATION]         ban: so much later than that, in epoch seconds, - = permanent; absent = just that
 *   u TARGET [GENERATION]                unban
 *   end LINES                            a text without it was cut off, and counts for nothing
 *
 * Each chunk is whole by itself, and chunks may be run in any order. Bans of one moment share their times, so that
 * a storm, which is when the room counts, needs half of it.
 */
import { chainName } from "./chain-name.ts";
import type { FirewallRule, HostBan, HostChange, JailFirewall } from "./change.ts";
import { type Refusal, refusalOf } from "./enforceable.ts";

/** An allowedPattern for encoded text, valid and of one meaning in Java's, Go's and JavaScript's regex. */
export const WIRE_PATTERN = "^[A-Za-z0-9.:/,_ \\n-]*$";

export interface Encoded {
  readonly chunks: readonly string[];
  /** Changes that every host would refuse, and are not sent. */
  readonly refused: readonly RefusedChange[];
}
export interface RefusedChange {
  readonly change: HostChange;
  readonly refusal: Refusal;
}

/** Encodes changes in chunks of at most `limit` characters; no changes give one chunk that only heals the host. */
export function encodeChanges(changes: readonly HostChange[], limit = Number.POSITIVE_INFINITY): Encoded {
  const { sent, refused } = sift(changes);
  const chunks = fill(sorted(sent), limit, HEADER.length + 1);
  return { refused, chunks: chunks.map((chunk) => finish([HEADER], chunk.lines)) };
}

/**
 * Encodes the full list of bans: hosts end what it does not hold. `asOf` (epoch ms) is when reading the list began: what
 * a host learnt later stays; leave room for clocks that differ. Without it the list is the truth as it arrives.
 */
export function encodeFullList(bans: readonly HostBan[], limit = Number.POSITIVE_INFINITY, asOf?: number): Encoded {
  const { sent, refused } = sift(bans);
  const chunks = fill(sorted(sent), limit, HEADER.length + 1 + LONGEST_RANGE);
  const edges = ["-", ...chunks.slice(1).map((chunk) => chunk.from), "-"];
  const time = asOf === undefined ? "" : ` ${digits(Math.floor(asOf / 1000), "asOf")}`;
  const texts = chunks.map((chunk, i) => finish([HEADER, `r ${edges[i]} ${edges[i + 1]}${time}`], chunk.lines));
  return { refused, chunks: texts };
}

/** The identity of a ban on a host; text order of keys is the order that ranges speak of. */
export function hostKey(jail: string, target: string): string {
  return `${chainName(jail)},${target}`;
}

/** Epoch seconds, rounded up so that no ban ends early; 0 = permanent. */
export function expirySeconds(expiresAt: number | undefined): number {
  return expiresAt === undefined ? 0 : Math.max(1, Math.ceil(expiresAt / 1000));
}

const HEADER = "fleet2ban 1";
/** "r KEY KEY TIME": two keys of a chain (28), a comma and a network (43), and a time of at most 15 digits. */
const LONGEST_RANGE = 2 + 2 * (28 + 1 + 43 + 1) + 15 + 1;
const TRAILER_ROOM = "end 1000000".length + 1;

interface Item {
  readonly key: string;
  readonly change: HostChange;
}
interface Chunk {
  readonly from: string;
  readonly lines: readonly string[];
}

function sift(changes: readonly HostChange[]): { sent: HostChange[]; refused: RefusedChange[] } {
  const sent: HostChange[] = [];
  const refused: RefusedChange[] = [];
  for (const change of changes) {
    const refusal = refusalOf(change.target);
    if (refusal === undefined) sent.push(change);
    else refused.push({ change, refusal });
  }
  return { sent, refused };
}

function sorted(changes: readonly HostChange[]): readonly Item[] {
  const items = changes.map((change) => ({ key: hostKey(change.jail, change.target), change }));
  return items.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function fill(items: readonly Item[], limit: number, overhead: number): readonly Chunk[] {
  const firewalls = newestFirewalls(items);
  const times = earliestTimes(items);
  const chunks: { from: string; lines: string[] }[] = [{ from: "-", lines: [] }];
  let size = overhead + TRAILER_ROOM;
  let jail: string | undefined;
  for (const { key, change } of items) {
    const since = times.get(change.jail)!;
    const line = changeLine(change, since);
    const head = jailLines(change.jail, firewalls.get(change.jail), since);
    let lines = change.jail === jail ? [line] : [...head, line];
    const chunk = chunks.at(-1);
    if (chunk !== undefined && chunk.lines.length > 0 && size + sizeOf(lines) > limit) {
      lines = [...head, line];
      chunks.push({ from: key, lines });
      size = overhead + TRAILER_ROOM + sizeOf(lines);
    } else {
      chunk?.lines.push(...lines);
      size += sizeOf(lines);
    }
    if (size > limit)
      throw new RangeError(`a chunk of ${limit} characters has no room for one change of ${change.jail}`);
    jail = change.jail;
  }
  return chunks;
}

function newestFirewalls(items: readonly Item[]): ReadonlyMap<string, JailFirewall> {
  const newest = new Map<string, JailFirewall>();
  for (const { change } of items) {
    if (change.kind === "ban" && (newest.get(change.jail)?.revision ?? -1) <= change.firewall.revision) {
      newest.set(change.jail, change.firewall);
    }
  }
  return newest;
}

/** Epoch seconds and a generation. */
interface Times {
  readonly expiry: number;
  readonly generation: number;
}

/** Of each jail; 0 where all its bans are permanent. */
function earliestTimes(items: readonly Item[]): ReadonlyMap<string, Times> {
  const earliest = new Map<string, Times>();
  for (const { change } of items) {
    const { jail, generation } = change;
    const expiry = change.kind === "ban" ? expirySeconds(change.expiresAt) : 0;
    const known = earliest.get(jail) ?? { expiry, generation };
    const ends = [known.expiry, expiry].filter((end) => end !== 0);
    earliest.set(jail, {
      expiry: ends.length === 0 ? 0 : Math.min(...ends),
      generation: Math.min(known.generation, generation),
    });
  }
  return earliest;
}

function jailLines(jail: string, firewall: JailFirewall | undefined, since: Times): readonly string[] {
  const times = `t ${digits(since.expiry, "expiresAt")} ${digits(since.generation, "generation")}`;
  if (firewall === undefined) return [`j ${chainName(jail)}`, times];
  const head = `j ${chainName(jail)} ${digits(firewall.revision, "revision")} ${firewall.hooks.join(",")}`;
  return [head, ...firewall.rules.map((rule) => `p ${rule.protocol} ${portsText(rule)} ${rule.block}`), times];
}

function portsText({ ports }: FirewallRule): string {
  if (ports === "all") return ports;
  return ports.map(({ first, last }) => (first === last ? `${first}` : `${first}:${last}`)).join(",");
}

function changeLine(change: HostChange, since: Times): string {
  digits(change.generation, "generation");
  const generation = change.generation - since.generation;
  switch (change.kind) {
    case "ban": {
      const end = expirySeconds(change.expiresAt);
      digits(end, "expiresAt");
      if (end === since.expiry && generation === 0) return `b ${change.target}`;
      return `b ${change.target} ${end === 0 ? "-" : end - since.expiry} ${generation}`;
    }
    case "unban":
      return generation === 0 ? `u ${change.target}` : `u ${change.target} ${generation}`;
  }
}

/** The script compares numbers of at most fifteen digits, which every awk holds exactly. */
function digits(value: number, name: string): string {
  if (!Number.isInteger(value) || value < 0 || value >= 1e15)
    throw new RangeError(`${name} ${value} is no count below 1e15`);
  return String(value);
}

function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

function finish(head: readonly string[], lines: readonly string[]): string {
  return `${[...head, ...lines, `end ${head.length - 1 + lines.length}`].join("\n")}\n`;
}
