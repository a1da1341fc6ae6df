/**
 * The resolved configuration: what jail.local, jail.d/ and filter.d/ come to, with nothing left to look up.
 *
 * Every time in the project is epoch milliseconds and every duration milliseconds; seconds appear only in text that
 * people or the kernel read.
 */
import type { Place, Problem } from "./problem.ts";

/** A text and where it stands, so that a later error can point at it. */
export interface Located {
  readonly text: string;
  readonly place: Place;
}

/** A duration in milliseconds, or for ever (`bantime = -1`). */
export type Bantime = number | "permanent";

export type UseDns = "yes" | "warn" | "no" | "raw";

/** A filter after merging, includes, interpolation and tag substitution; `<HOST>` and its kin are still in the regexes. */
export interface FilterConfig {
  readonly name: string;
  readonly prefregex: Located | undefined;
  readonly failregex: readonly Located[];
  readonly ignoreregex: readonly Located[];
  /** Lines of the datepattern option; empty = the default templates. */
  readonly datepattern: readonly Located[];
  /** How many lines a regex may span; 1 = single lines. */
  readonly maxlines: number;
  readonly journalmatch: readonly string[];
}

export interface LogPath {
  /** A path or glob. */
  readonly path: string;
  /** Where a file that is new to us is read from: Fail2Ban's last word `tail`, or the default `head`. */
  readonly from: "head" | "tail";
}

/** bantime.increment and its options (facts: `ban.Time`, `ban.Count`, `banFactor` are the formula's variables). */
export interface IncrementConfig {
  readonly factor: number;
  /** The user's formula, already parsed by the arithmetic parser when the configuration was read. */
  readonly formula: string | undefined;
  readonly multipliers: readonly number[] | undefined;
  readonly maxtime: number | undefined;
  readonly rndtime: number | undefined;
  readonly overalljails: boolean;
}

export type ActionConfig =
  | {
      readonly kind: "firewall";
      /** Fail2Ban's action name: "iptables-multiport", "nftables-allports" … */
      readonly name: string;
      /** "all" = every port of the protocol; else Fail2Ban's list, names and ranges: "http,https,8000:8010". */
      readonly ports: "all" | string;
      /** tcp, udp, all … ; a comma list where nftables actions allow it. */
      readonly protocol: string;
      readonly chain: string;
      /** REJECT with its words, DROP, or nft's own spelling. */
      readonly blocktype: string;
    }
  | {
      readonly kind: "mail";
      readonly name: string;
      readonly dest: string;
      readonly sender: string;
      readonly subjectName: string;
      readonly whois: boolean;
      readonly lines: boolean;
    };

export interface JailConfig {
  readonly name: string;
  readonly enabled: boolean;
  readonly place: Place;
  readonly backend: string;
  readonly filter: FilterConfig;
  readonly logs: readonly LogPath[];
  readonly skipIfNoLogs: boolean;
  /** Cloud only: the log group, where the jail names it. */
  readonly logGroup: string | undefined;
  readonly maxretry: number;
  readonly findtime: number;
  readonly bantime: Bantime;
  readonly increment: IncrementConfig | undefined;
  /** Lines kept per ban; 0 = none. */
  readonly maxmatches: number;
  /** Words of ignoreip: addresses, networks, DNS names, `file:` lists. */
  readonly ignoreip: readonly string[];
  readonly ignoreself: boolean;
  readonly ignorecommand: string | undefined;
  readonly usedns: UseDns;
  readonly logencoding: string;
  readonly logtimezone: string | undefined;
  readonly actions: readonly ActionConfig[];
}

export interface Configuration {
  /** Jails that are enabled and sound, in the order of their sections. */
  readonly jails: readonly JailConfig[];
  readonly problems: readonly Problem[];
}
