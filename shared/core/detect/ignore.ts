/**
 * `ignoreip`: who is never banned, as the configuration words it.
 *
 * A list of ten thousand networks must not cost a walk per failure, so networks are kept in one set per prefix length
 * and a look-up asks once per length that occurs.
 */
import { contains, familyOf, parseNetwork, prefixOf, type Target } from "../address.ts";

/** The words of an ignoreip list, told apart. */
export interface IgnoreWords {
  readonly targets: readonly Target[];
  /** DNS names, to be resolved when they are asked about. */
  readonly names: readonly string[];
  /** Paths of `file:PATH` words: more words, one list a file. */
  readonly files: readonly string[];
  /** Words that mean nothing: neither address nor network, file or possible host name. */
  readonly unknown: readonly string[];
}

const HOST_NAME = /^(?=.{1,253}$)\w[\w-]{0,62}(?:\.\w[\w-]{0,62})*\.?$/;
const NUMERIC = /^[\d.:/]*$/;

/** Reads words that spaces, commas or newlines already separate; host bits are cleared and IPv6 may stand in brackets. */
export function parseIgnoreWords(words: readonly string[]): IgnoreWords {
  const targets: Target[] = [];
  const names: string[] = [];
  const files: string[] = [];
  const unknown: string[] = [];
  for (const word of words.flatMap((text) => text.split(/[\s,]+/)).filter((text) => text !== "")) {
    const target = parseNetwork(word.replace(/^\[([^\]]*)\]/, "$1"));
    if (target !== undefined) targets.push(target);
    else if (word.startsWith("file:")) files.push(word.slice(5));
    else if (HOST_NAME.test(word) && !NUMERIC.test(word)) names.push(word.toLowerCase());
    else unknown.push(word);
  }
  return { targets, names, files, unknown };
}

/** Networks and addresses that answer whether they cover a target; families never mix. */
export interface IgnoreList {
  /** Whether one entry holds the whole target: a network is covered only by a network that holds all of it. */
  covers(target: Target): boolean;
  /** Whether an entry and the target have an address in common. */
  touches(target: Target): boolean;
  /** Its entries, each once. */
  readonly targets: readonly Target[];
}

/** One set of first addresses per prefix length; covers() costs one look-up per length that occurs. */
export function createIgnoreList(targets: Iterable<Target>): IgnoreList {
  const all = [...new Set(targets)];
  const inet4 = createInet4Cover(all.filter((target) => familyOf(target) === "inet4"));
  const inet6 = createInet6Cover(all.filter((target) => familyOf(target) === "inet6"));
  const covers = (target: Target): boolean => (familyOf(target) === "inet4" ? inet4(target) : inet6(target));
  return {
    covers,
    // Only a network can hold an entry without being held; networks are rare, so a walk will do.
    touches: (target) => covers(target) || (target.includes("/") && all.some((entry) => contains(target, entry))),
    targets: all,
  };
}

type Cover = (target: Target) => boolean;

/** Asked several times for every failing line, nearly always about IPv4: so without BigInt, which takes ten times as long. */
function createInet4Cover(targets: readonly Target[]): Cover {
  const tables = new Map<number, Set<number>>();
  for (const target of targets) {
    const length = lengthOf(target);
    tables.set(length, (tables.get(length) ?? new Set()).add(numberOf(target)));
  }
  return (target) => {
    if (tables.size === 0) return false;
    const base = numberOf(target);
    const length = lengthOf(target);
    for (const [prefix, bases] of tables)
      if (prefix <= length && bases.has(base - (base % 2 ** (32 - prefix)))) return true;
    return false;
  };
}

function lengthOf(target: Target): number {
  const slash = target.indexOf("/");
  return slash < 0 ? 32 : Number(target.slice(slash + 1));
}

/** The first address of an IPv4 target. */
function numberOf(target: Target): number {
  let number = 0;
  let octet = 0;
  for (let at = 0; at < target.length; at += 1) {
    const code = target.charCodeAt(at);
    if (code === SLASH) break;
    if (code === DOT) {
      number = (number + octet) * 256;
      octet = 0;
    } else octet = octet * 10 + code - ZERO;
  }
  return number + octet;
}

const DOT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;

function createInet6Cover(targets: readonly Target[]): Cover {
  const tables = new Map<number, Set<bigint>>();
  for (const target of targets) {
    const [base, length] = prefixOf(target);
    tables.set(length, (tables.get(length) ?? new Set()).add(base));
  }
  return (target) => {
    if (tables.size === 0) return false;
    const [base, length] = prefixOf(target);
    for (const [prefix, bases] of tables) {
      if (prefix > length) continue;
      const shift = 128n - BigInt(prefix);
      if (bases.has((base >> shift) << shift)) return true;
    }
    return false;
  };
}
