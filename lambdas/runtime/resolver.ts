/** Host names by the VPC's own name server, asked for a short time only: an invocation must not hang on DNS. */
import { Resolver as NameServer } from "node:dns/promises";
import { parseIp } from "../../shared/core/address.ts";
import type { Resolver } from "../../shared/ports/resolver.ts";

/** No such name is an answer; anything else that goes wrong is none, and throws. */
const NO_SUCH_NAME = new Set(["ENOTFOUND", "ENODATA"]);

export interface ResolverOptions {
  /** ms for one try; default 1 000. */
  readonly timeout?: number;
  /** Default 2. */
  readonly tries?: number;
  /** "ADDRESS:PORT" of name servers instead of the system's. */
  readonly servers?: readonly string[];
}

export function createResolver({ timeout = 1_000, tries = 2, servers }: ResolverOptions = {}): Resolver {
  const server = new NameServer({ timeout, tries });
  if (servers !== undefined) server.setServers(servers);
  const ask = async (question: Promise<string[]>): Promise<string[]> => {
    try {
      return await question;
    } catch (error) {
      if (NO_SUCH_NAME.has((error as NodeJS.ErrnoException).code ?? "")) return [];
      throw error;
    }
  };
  return {
    async resolve(name) {
      const found = await Promise.all([ask(server.resolve4(name)), ask(server.resolve6(name))]);
      return found.flat().flatMap((address) => parseIp(address) ?? []);
    },
  };
}
