/** Host names by the system's own resolver, /etc/hosts included. */
import { lookup } from "node:dns/promises";
import { parseIp } from "../../shared/core/address.ts";
import type { Resolver } from "../../shared/ports/resolver.ts";

/** No such name is an answer; anything else that goes wrong is none, and throws. */
const NO_SUCH_NAME = new Set(["ENOTFOUND", "ENODATA"]);

export const systemResolver: Resolver = {
  async resolve(name) {
    try {
      const found = await lookup(name, { all: true, verbatim: true });
      return found.flatMap(({ address }) => parseIp(address) ?? []);
    } catch (error) {
      if (NO_SUCH_NAME.has((error as NodeJS.ErrnoException).code ?? "")) return [];
      throw error;
    }
  },
};
