/**
 * Host names by the system's own resolver, /etc/hosts included.
 *
 * The system's resolver takes as long as it likes, and Node has few threads for it: so questions wait in line here, and
 * one that is not answered in time is given up, whether it was asked by then or not. Else a silent name server would
 * hold the daemon up by as many names as a log has.
 */
import { lookup } from "node:dns/promises";
import { parseIp } from "../../shared/core/address.ts";
import type { Resolver } from "../../shared/ports/resolver.ts";

/** No such name is an answer; anything else that goes wrong is none, and throws. */
const NO_SUCH_NAME = new Set(["ENOTFOUND", "ENODATA"]);
/** As many as Node has threads for by default. */
const AT_ONCE = 2;

export interface SystemResolverOptions {
  /** The system's answer: addresses as text. */
  readonly look?: (name: string) => Promise<readonly string[]>;
  /** ms from the question to its answer, waiting in line included; default 5 000. */
  readonly patience?: number;
}

export function createSystemResolver({ look = lookAll, patience = 5_000 }: SystemResolverOptions = {}): Resolver {
  let asking = 0;
  const line = new Set<() => void>();
  const next = () => {
    asking--;
    const [first] = line;
    if (first === undefined) return;
    line.delete(first);
    first();
  };
  const answerTo = (name: string): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      const ask = () => {
        asking++;
        look(name)
          .then(resolve, reject)
          .finally(() => {
            clearTimeout(timer);
            next();
          });
      };
      const timer = setTimeout(() => {
        line.delete(ask);
        reject(new Error(`no answer about ${name} in ${patience / 1000} s`));
      }, patience);
      if (asking < AT_ONCE) ask();
      else line.add(ask);
    });
  return {
    async resolve(name) {
      try {
        return (await answerTo(name)).flatMap((address) => parseIp(address) ?? []);
      } catch (error) {
        if (NO_SUCH_NAME.has((error as NodeJS.ErrnoException).code ?? "")) return [];
        throw error;
      }
    },
  };
}

async function lookAll(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
}
