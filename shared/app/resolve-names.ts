/** Host names to addresses, remembered: a log that names the same host a thousand times asks DNS once. */
import type { IpAddress } from "../core/address.ts";
import type { Resolver } from "../ports/resolver.ts";

export interface CachedResolver {
  /**
   * The addresses as of `now` (epoch ms). Where DNS gives no answer, an old answer serves; without one the
   * resolver's error is thrown.
   */
  resolve(name: string, now: number): Promise<readonly IpAddress[]>;
}

/** Remembers `capacity` names for `ttl` ms each, Fail2Ban's figures by default. */
export function createCachedResolver(resolver: Resolver, { ttl = 300_000, capacity = 1_000 } = {}): CachedResolver {
  const answers = new Map<string, { readonly addresses: readonly IpAddress[]; readonly askedAt: number }>();
  return {
    async resolve(name, now) {
      const known = answers.get(name);
      if (known !== undefined && Math.abs(now - known.askedAt) < ttl) return known.addresses;
      try {
        const addresses = await resolver.resolve(name);
        answers.delete(name);
        answers.set(name, { addresses, askedAt: now });
        if (answers.size > capacity) answers.delete(answers.keys().next().value!);
        return addresses;
      } catch (error) {
        // No answer is not "no such name": what was true five minutes ago is the better guess.
        if (known !== undefined) return known.addresses;
        throw error;
      }
    },
  };
}
