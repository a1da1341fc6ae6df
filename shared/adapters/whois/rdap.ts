/**
 * Whois by RDAP: IANA's list says which registry has an address, and that registry is asked. The list changes a few
 * times a year and is read once a day.
 */
import { contains, familyOf, parseNetwork, type Target } from "../../core/address.ts";
import { factLines } from "./facts.ts";
import { type Fetch, fetchJson } from "./fetch-json.ts";
import { rdapFacts } from "./rdap-facts.ts";

export interface RdapDeps {
  readonly fetch: Fetch;
  /** Epoch ms. */
  readonly now: () => number;
}

const LISTS = {
  inet4: "https://data.iana.org/rdap/ipv4.json",
  inet6: "https://data.iana.org/rdap/ipv6.json",
} as const;
const LIST_AGE = 86_400_000;
const LIMIT = 512 * 1024;
/** A registry sends on to the one that has the block by now, and that one perhaps to a national one. */
const REDIRECTS = 3;

interface Registry {
  readonly network: Target;
  readonly url: string;
}

/** Asks for lines about a public target. The answer throws an Error that says why there are none. */
export function createRdap({ fetch, now }: RdapDeps) {
  const lists = new Map<string, { readonly registries: readonly Registry[]; readonly until: number }>();
  const registriesOf = async (address: string, signal: AbortSignal): Promise<readonly Registry[]> => {
    const kept = lists.get(address);
    if (kept !== undefined && kept.until > now()) return kept.registries;
    const registries = readList(await fetchJson(address, { fetch, signal, limit: LIMIT, redirects: REDIRECTS }));
    if (registries.length === 0) throw new Error("IANA's list of registries cannot be read");
    lists.set(address, { registries, until: now() + LIST_AGE });
    return registries;
  };
  return async (target: Target, signal: AbortSignal): Promise<readonly string[]> => {
    const registries = await registriesOf(LISTS[familyOf(target)], signal);
    const registry = registries.find(({ network }) => contains(network, target));
    if (registry === undefined) throw new Error("no registry has this address");
    // A target is digits, dots, colons and a slash: nothing in it needs escaping.
    const url = `${registry.url}ip/${target}`;
    const facts = rdapFacts(await fetchJson(url, { fetch, signal, limit: LIMIT, redirects: REDIRECTS }));
    const lines = facts === undefined ? [] : factLines(facts);
    if (lines.length === 0) throw new Error(`${new URL(url).hostname} answered nothing of use`);
    return lines;
  };
}

/** {"services": [[["1.0.0.0/8", …], ["https://rdap.example/", …]], …]} (RFC 9224); longest prefix first. */
function readList(list: unknown): readonly Registry[] {
  const services = (list as { readonly services?: unknown } | null)?.services;
  if (!Array.isArray(services)) return [];
  return services
    .flatMap((service): Registry[] => {
      if (!Array.isArray(service) || !Array.isArray(service[0]) || !Array.isArray(service[1])) return [];
      const url = service[1].find((text): text is string => typeof text === "string" && text.startsWith("https://"));
      if (url === undefined) return [];
      const base = url.endsWith("/") ? url : `${url}/`;
      return service[0].flatMap((text) => {
        const network = typeof text === "string" ? parseNetwork(text) : undefined;
        return network === undefined ? [] : [{ network, url: base }];
      });
    })
    .sort((a, b) => lengthOf(b.network) - lengthOf(a.network));
}

function lengthOf(network: Target): number {
  const slash = network.indexOf("/");
  return slash < 0 ? 128 : Number(network.slice(slash + 1));
}
