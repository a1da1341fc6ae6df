/**
 * Port lists as Fail2Ban's actions write them: "http,https,8000:8010".
 *
 * Names come from this table, not from the host's /etc/services: an unknown one is then a mistake with file and line when
 * the configuration is read, not a rule that fails on one host of the fleet. The numbers are IANA's.
 */
import type { PortRange } from "./change.ts";

const SERVICES: Readonly<Record<string, number>> = {
  "ftp-data": 20,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  mail: 25,
  time: 37,
  whois: 43,
  nicname: 43,
  domain: 53,
  dns: 53,
  bootps: 67,
  bootpc: 68,
  tftp: 69,
  gopher: 70,
  finger: 79,
  http: 80,
  www: 80,
  "www-http": 80,
  kerberos: 88,
  pop3: 110,
  "pop-3": 110,
  sunrpc: 111,
  portmapper: 111,
  auth: 113,
  nntp: 119,
  ntp: 123,
  "netbios-ns": 137,
  "netbios-dgm": 138,
  "netbios-ssn": 139,
  imap: 143,
  imap2: 143,
  snmp: 161,
  "snmp-trap": 162,
  snmptrap: 162,
  bgp: 179,
  irc: 194,
  imap3: 220,
  ldap: 389,
  https: 443,
  kpasswd: 464,
  "microsoft-ds": 445,
  urd: 465,
  ssmtp: 465,
  smtps: 465,
  submissions: 465,
  isakmp: 500,
  syslog: 514,
  printer: 515,
  rtsp: 554,
  nntps: 563,
  submission: 587,
  ipp: 631,
  ldaps: 636,
  domaindot: 853,
  "domain-s": 853,
  rsync: 873,
  "ftps-data": 989,
  ftps: 990,
  telnets: 992,
  imaps: 993,
  ircs: 994,
  pop3s: 995,
  socks: 1080,
  openvpn: 1194,
  "ms-sql-s": 1433,
  "ms-sql-m": 1434,
  l2f: 1701,
  l2tp: 1701,
  pptp: 1723,
  radius: 1812,
  "radius-acct": 1813,
  mqtt: 1883,
  nfs: 2049,
  cpanel: 2082,
  svn: 3690,
  mysql: 3306,
  "ms-wbt-server": 3389,
  sieve: 4190,
  "ipsec-nat-t": 4500,
  sip: 5060,
  "sip-tls": 5061,
  sips: 5061,
  "xmpp-client": 5222,
  "xmpp-server": 5269,
  postgresql: 5432,
  postgres: 5432,
  amqps: 5671,
  amqp: 5672,
  x11: 6000,
  redis: 6379,
  ircd: 6667,
  "ircs-u": 6697,
  "http-alt": 8080,
  webcache: 8080,
  "https-alt": 8443,
  webmin: 10000,
  zabbix: 10050,
  "zabbix-agent": 10050,
  "zabbix-trapper": 10051,
  amanda: 10080,
  memcache: 11211,
  git: 9418,
  mongodb: 27017,
};

/** What one kernel rule takes: iptables' multiport matches fifteen ports, and a range counts twice. */
export const MULTIPORT_SLOTS = 15;

export type PortList =
  | { readonly kind: "ports"; readonly ranges: readonly PortRange[] }
  /** The word that is no port. */
  | { readonly kind: "unknown"; readonly word: string };

/** Reads a list of numbers, names and ranges ("8000:8010", nft's "8000-8010"); sorted, with what touches joined. */
export function parsePorts(text: string): PortList {
  const ranges: PortRange[] = [];
  for (const word of text.split(/[\s,]+/).filter((part) => part !== "")) {
    const range = parseRange(word.toLowerCase());
    if (range === undefined) return { kind: "unknown", word };
    ranges.push(range);
  }
  return ranges.length === 0 ? { kind: "unknown", word: text } : { kind: "ports", ranges: joined(ranges) };
}

function parseRange(word: string): PortRange | undefined {
  const [from = "", to, ...rest] = /^\d+-\d+$/.test(word) ? word.split("-") : word.split(":");
  const first = portOf(from);
  const last = to === undefined ? first : portOf(to);
  if (first === undefined || last === undefined || first > last || rest.length > 0) return undefined;
  return { first, last };
}

function portOf(word: string): number | undefined {
  if (!/^\d{1,5}$/.test(word)) return Object.hasOwn(SERVICES, word) ? SERVICES[word] : undefined;
  return Number(word) <= 65535 ? Number(word) : undefined;
}

/** nft refuses overlapping ranges in one set, and joined ones need fewer slots. */
function joined(ranges: readonly PortRange[]): readonly PortRange[] {
  const result: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before !== undefined && range.first <= before.last + 1) {
      result[result.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
    } else result.push(range);
  }
  return result;
}

/** Cuts a list into pieces of at most MULTIPORT_SLOTS. */
export function perRule(ranges: readonly PortRange[]): readonly (readonly PortRange[])[] {
  const pieces: PortRange[][] = [[]];
  let slots = 0;
  for (const range of ranges) {
    const needs = range.first === range.last ? 1 : 2;
    if (slots + needs > MULTIPORT_SLOTS) {
      pieces.push([]);
      slots = 0;
    }
    pieces.at(-1)?.push(range);
    slots += needs;
  }
  return pieces;
}
