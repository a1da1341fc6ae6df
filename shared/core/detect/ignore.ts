/**
 * `ignoreip`: who is never banned, as the configuration words it.
 *
 * A list of ten thousand networks must not cost a walk per failure, so networks are kept in one set per prefix length
 * and a look-up asks once per length that occurs.
 */
import { contains, type Family, familyOf, parseNetwork, prefixOf, type Target } from "../address.ts";

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
  const tables: Record<Family, Map<number, Set<bigint>>> = { inet4: new Map(), inet6: new Map() };
  for (const target of all) {
    const [base, length] = prefixOf(target);
    const table = tables[familyOf(target)];
    const bases = table.get(length) ?? new Set();
    table.set(length, bases.add(base));
  }
  const covers = (target: Target): boolean => {
    const family = familyOf(target);
    const width = family === "inet4" ? 32n : 128n;
    const [base, length] = prefixOf(target);
    for (const [prefix, bases] of tables[family]) {
      if (prefix > length) continue;
      const shift = width - BigInt(prefix);
      if (bases.has((base >> shift) << shift)) return true;
    }
    return false;
  };
  return {
    covers,
    // Only a network can hold an entry without being held; networks are rare, so a walk will do.
    touches: (target) => covers(target) || (target.includes("/") && all.some((entry) => contains(target, entry))),
    targets: all,
  };
}
