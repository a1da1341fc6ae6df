/**
 * The actions that we have under Fail2Ban's names, and the parameters that they take where no action.d file sets them.
 *
 * An action of Fail2Ban is a set of shell commands; none of them is run here. Its name says what is meant (block in the
 * firewall, send a mail), and its parameters say how. Where the configuration brings its own action.d file of that name,
 * the defaults of the parameters come from there.
 */
import type { Sections } from "./ini.ts";
import { locate } from "./located-text.ts";

export interface FirewallEntry {
  readonly kind: "firewall";
  readonly family: "iptables" | "nftables";
  /** Which ports of an offender are blocked; the default of the parameter `type`. */
  readonly type: "oneport" | "multiport" | "allports";
  /** What the action does in Fail2Ban and not here. */
  readonly loses?: string;
}

export interface MailEntry {
  readonly kind: "mail";
  readonly program: "sendmail" | "mail";
  readonly whois: boolean;
  readonly lines: boolean;
  readonly loses?: string;
}

export type CatalogueEntry = FirewallEntry | MailEntry;

const iptables = (type: FirewallEntry["type"], loses?: string): FirewallEntry => ({
  kind: "firewall",
  family: "iptables",
  type,
  ...(loses === undefined ? {} : { loses }),
});
const nftables = (type: FirewallEntry["type"]): FirewallEntry => ({ kind: "firewall", family: "nftables", type });
const mail = (program: MailEntry["program"], parts: readonly ("whois" | "lines")[], loses?: string): MailEntry => ({
  kind: "mail",
  program,
  whois: parts.includes("whois"),
  lines: parts.includes("lines"),
  ...(loses === undefined ? {} : { loses }),
});

const OWN_LINES = "lists the lines of this ban only, not those of earlier bans and other jails";
const BUFFERED = "sends its mails as they come, not a summary of several bans";

/** By Fail2Ban's name. */
export const ACTION_CATALOGUE: ReadonlyMap<string, CatalogueEntry> = new Map<string, CatalogueEntry>([
  ["iptables", iptables("oneport")],
  ["iptables-oneport", iptables("oneport")],
  ["iptables-new", iptables("oneport")],
  ["iptables-multiport", iptables("multiport")],
  ["iptables-multiport-log", iptables("multiport", "does not write the blocked packets to the kernel's log")],
  ["iptables-allports", iptables("allports")],
  ["iptables-ipset", iptables("oneport")],
  ["iptables-ipset-proto4", iptables("oneport")],
  ["iptables-ipset-proto6", iptables("multiport")],
  ["iptables-ipset-proto6-allports", iptables("allports")],
  ["nftables", nftables("multiport")],
  ["nftables-multiport", nftables("multiport")],
  ["nftables-allports", nftables("allports")],
  ["sendmail", mail("sendmail", [])],
  ["sendmail-whois", mail("sendmail", ["whois"])],
  ["sendmail-whois-lines", mail("sendmail", ["whois", "lines"])],
  ["sendmail-whois-matches", mail("sendmail", ["whois", "lines"])],
  ["sendmail-whois-ipmatches", mail("sendmail", ["whois", "lines"], OWN_LINES)],
  ["sendmail-whois-ipjailmatches", mail("sendmail", ["whois", "lines"], OWN_LINES)],
  ["sendmail-geoip-lines", mail("sendmail", ["lines"], "does not look up the country")],
  ["sendmail-buffered", mail("sendmail", [], BUFFERED)],
  ["mail", mail("mail", [])],
  ["mail-whois", mail("mail", ["whois"])],
  ["mail-whois-lines", mail("mail", ["whois", "lines"])],
  ["mail-buffered", mail("mail", [], BUFFERED)],
]);

const PARAMETERS = {
  iptables: {
    chain: "INPUT",
    port: "ssh",
    protocol: "tcp",
    blocktype: "REJECT --reject-with icmp-port-unreachable",
    "blocktype?family=inet6": "REJECT --reject-with icmp6-port-unreachable",
    returntype: "RETURN",
  },
  nftables: { chain: "f2b-chain", chain_hook: "input", port: "ssh", protocol: "tcp", blocktype: "reject" },
  sendmail: { dest: "root", sender: "fail2ban", sendername: "Fail2Ban" },
  mail: { dest: "root" },
} as const;

/** Stands in for action.d/NAME.conf where there is none. */
export function builtInAction(name: string): Sections | undefined {
  const entry = ACTION_CATALOGUE.get(name);
  if (entry === undefined) return undefined;
  const place = { file: `action.d/${name}.conf (built in)`, line: 1 };
  const section = (options: Readonly<Record<string, string>>) => ({
    place,
    options: new Map(Object.entries(options).map(([option, value]) => [option, locate(value, place)])),
  });
  return new Map([
    ["Definition", section(entry.kind === "firewall" ? { type: entry.type } : {})],
    ["Init", section(PARAMETERS[entry.kind === "firewall" ? entry.family : entry.program])],
  ]);
}

/** Actions of Fail2Ban that we lack, by the beginning of their names, and what comes nearest. */
const SUBSTITUTES: readonly (readonly [RegExp, string])[] = [
  [/^(?:firewallcmd-(?:new|multiport|ipset|rich)|ufw|shorewall|apf)/, "iptables-multiport"],
  [
    /^(?:firewallcmd|iptables|bsd|ipf|npf|osx|pf|route|hostsdeny|netscaler|symbiosis|nginx-block-map)/,
    "iptables-allports",
  ],
  [/^nft/, "nftables-multiport"],
  [
    /^(?:complain|xarf|dshield|mynetwatchman|blocklist_de|abuseipdb|ipthreat|smtp|apprise|sendmail)/,
    "sendmail-whois-lines",
  ],
  [/^mail/, "mail-whois-lines"],
];

/** The action of ours that does most of what the named one does, where that can be said. */
export function substituteFor(name: string): string | undefined {
  return SUBSTITUTES.find(([pattern]) => pattern.test(name))?.[1];
}
