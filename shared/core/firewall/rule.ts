/**
 * A jail's firewall actions, compiled: words of iptables and nft become the few things that the host script can do.
 *
 * What the kernel would refuse on each host is refused here once, before anything is deployed.
 */
import type { ActionConfig } from "../config/model.ts";
import type { Block, FirewallRule, JailFirewall, Protocol } from "./change.ts";
import { parsePorts, perRule } from "./port.ts";

export type FirewallAction = Extract<ActionConfig, { kind: "firewall" }>;

/** What is wrong with an action's option; `option` is the name that the user writes. */
export interface FirewallMistake {
  readonly kind: "mistake";
  readonly option: "port" | "protocol" | "chain" | "blocktype";
  /** One sentence that names the value. */
  readonly message: string;
  /** What to write instead, as an instruction. */
  readonly next: string;
}
export type CompiledFirewall = { readonly kind: "firewall"; readonly firewall: JailFirewall } | FirewallMistake;

/**
 * Compiles all firewall actions of one jail. Chains are the jail's, not an action's: where two actions name two chains,
 * both rules count at both. `revision`: see JailFirewall.
 */
export function compileFirewall(actions: readonly FirewallAction[], revision: number): CompiledFirewall {
  const hooks = new Set<string>();
  const rules = new Map<string, FirewallRule>();
  for (const action of actions) {
    const chains = parseChains(action.chain);
    if ("kind" in chains) return chains;
    for (const chain of chains) hooks.add(chain);
    const compiled = compileAction(action);
    if ("kind" in compiled) return compiled;
    for (const rule of compiled) rules.set(JSON.stringify(rule), rule);
  }
  if (hooks.size > MOST_CHAINS) return tooManyChains([...hooks].join(","));
  return { kind: "firewall", firewall: { revision, hooks: [...hooks].sort(), rules: [...rules.values()] } };
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  all: "all",
  any: "all",
  icmp: "icmp",
  icmpv6: "icmp",
  "ipv6-icmp": "icmp",
  tcp: "tcp",
  udp: "udp",
  udplite: "udplite",
  sctp: "sctp",
  dccp: "dccp",
};

function compileAction(action: FirewallAction): readonly FirewallRule[] | FirewallMistake {
  const block = parseBlock(action.blocktype);
  if (block === undefined) {
    return mistake(
      "blocktype",
      action.blocktype,
      "use DROP, REJECT, or REJECT --reject-with with an ICMP type or tcp-reset",
    );
  }
  const rules: FirewallRule[] = [];
  for (const word of words(action.protocol)) {
    const protocol = Object.hasOwn(PROTOCOLS, word.toLowerCase()) ? PROTOCOLS[word.toLowerCase()] : undefined;
    if (protocol === undefined) return mistake("protocol", word, `use ${Object.keys(PROTOCOLS).join(", ")}`);
    if (block === "reset" && protocol !== "tcp") {
      return mistake(
        "blocktype",
        `${action.blocktype} with protocol ${word}`,
        "use tcp-reset with protocol = tcp only",
      );
    }
    if (action.ports === "all") rules.push({ protocol, ports: "all", block });
    else {
      if (protocol === "all" || protocol === "icmp") {
        return mistake("protocol", `${word} with ports`, "name tcp or udp, or use an -allports action");
      }
      const ports = parsePorts(action.ports);
      if (ports.kind === "unknown") {
        return mistake(
          "port",
          ports.word,
          "use numbers from 0 to 65535, ranges like 8000:8010, or well-known names like http",
        );
      }
      for (const piece of perRule(ports.ranges)) rules.push({ protocol, ports: piece, block });
    }
  }
  return rules.length > 0 ? rules : mistake("protocol", action.protocol, "name a protocol, such as tcp");
}

/** As many as the host script takes for one jail. */
const MOST_CHAINS = 8;

/** "INPUT,FORWARD", or nft's "input": names that iptables takes and no shell or kernel could misread. */
function parseChains(text: string): readonly string[] | FirewallMistake {
  const chains = words(text).map((word) => (/^(input|forward|output)$/.test(word) ? word.toUpperCase() : word));
  const bad = chains.find((chain) => !/^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,27}$/.test(chain) || chain.startsWith("f2b-"));
  if (bad !== undefined || chains.length === 0) {
    return mistake("chain", bad ?? text, "name chains of the host, such as INPUT or INPUT,FORWARD");
  }
  return chains;
}

function tooManyChains(text: string): FirewallMistake {
  return mistake("chain", text, `name at most ${MOST_CHAINS} chains in one jail`);
}

/** The answers of iptables, ip6tables and nft by what they tell the client; each family gets its own spelling again. */
const ANSWERS: readonly (readonly [Block, RegExp])[] = [
  ["reset", /^tcp[- ](reset|rst)$/],
  ["reject", /^(icmp6?-)?port-unreach(able)?$/],
  ["reject-host", /^(icmp-)?host-unreach(able)?$|^(icmp6-)?addr-unreach(able)?$/],
  ["reject-net", /^(icmp-)?net-unreach(able)?$|^(icmp6-)?no-route$/],
  ["reject-admin", /^(icmp-)?(admin|host|net)-prohib(ited)?$|^(icmp6-)?(adm|admin)-prohibited$/],
];

function parseBlock(text: string): Block | undefined {
  const spelling = text.trim().toLowerCase().replace(/\s+/g, " ");
  if (spelling === "drop" || spelling === "reject") return spelling;
  const answer = /^reject (?:--reject-with |with (?:icmp(?:x|v6)? (?:type )?)?)(.+)$/.exec(spelling)?.[1];
  return answer === undefined ? undefined : ANSWERS.find(([, pattern]) => pattern.test(answer))?.[0];
}

function words(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

function mistake(option: FirewallMistake["option"], value: string, next: string): FirewallMistake {
  return { kind: "mistake", option, message: `${option} "${value}" is nothing that a host can enforce`, next };
}
