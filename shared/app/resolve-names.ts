/** Host names to addresses, remembered: a log that names the same host a thousand times asks DNS once. */
import type { IpAddress } from "../core/address.ts";
import type { Resolver } from "../ports/resolver.ts";

export interface CachedResolver {
  /**
   * The addresses of a name that people chose, as of `now` (epoch ms). Where DNS gives no answer, an old answer serves;
   * without one the resolver's error is thrown, and who comes again asks again.
   */
  resolve(name: string, now: number): Promise<readonly IpAddress[]>;
  /**
   * The addresses of names that attackers chose, as of `now` (epoch ms); none where DNS gives no answer, and that is
   * remembered too. Names that are not known are asked for at once, so all of them take as long as the slowest; those
   * beyond `most` are left for a later call, which finds the others known.
   */
  resolveMany(names: readonly string[], now: number): Promise<Resolved>;
}

export interface Resolved {
  readonly addresses: ReadonlyMap<string, readonly IpAddress[]>;
  /** Names that nobody was asked for: there were too many at once. */
  readonly left: readonly string[];
}

/** What DNS said; without addresses it said nothing. */
interface Answer {
  readonly addresses: readonly IpAddress[] | undefined;
  readonly askedAt: number;
}

/**
 * Remembers `capacity` names for `ttl` ms each, Fail2Ban's figures by default, and a silence for `silence` ms. Asks for
 * at most `most` of attackers' names at once.
 */
export function createCachedResolver(
  resolver: Resolver,
  { ttl = 300_000, capacity = 1_000, silence = 30_000, most = 100 } = {},
): CachedResolver {
  const answers = new Map<string, Answer>();
  const keep = (name: string, answer: Answer) => {
    answers.delete(name);
    answers.set(name, answer);
    if (answers.size > capacity) answers.delete(answers.keys().next().value!);
  };
  const fresh = (name: string, now: number): Answer | undefined => {
    const known = answers.get(name);
    const age = known === undefined ? Number.POSITIVE_INFINITY : Math.abs(now - known.askedAt);
    if (known === undefined || age >= (known.addresses === undefined ? silence : ttl)) return undefined;
    // What is used stays, however many names attackers think of.
    keep(name, known);
    return known;
  };
  const ask = async (name: string, now: number): Promise<readonly IpAddress[]> => {
    try {
      const addresses = await resolver.resolve(name);
      keep(name, { addresses, askedAt: now });
      return addresses;
    } catch (error) {
      // No answer is not "no such name": what was true five minutes ago is the better guess.
      const old = answers.get(name)?.addresses;
      if (old !== undefined) return old;
      keep(name, { addresses: undefined, askedAt: now });
      throw error;
    }
  };
  return {
    resolve: async (name, now) => fresh(name, now)?.addresses ?? ask(name, now),
    async resolveMany(names, now) {
      const addresses = new Map<string, readonly IpAddress[]>();
      const unknown: string[] = [];
      for (const name of new Set(names)) {
        const known = fresh(name, now);
        if (known === undefined) unknown.push(name);
        else addresses.set(name, known.addresses ?? []);
      }
      await Promise.all(
        unknown.slice(0, most).map(async (name) => {
          // Direction: no answer, no address, nobody banned for it.
          addresses.set(name, await ask(name, now).catch(() => []));
        }),
      );
      return { addresses, left: unknown.slice(most) };
    },
  };
}
