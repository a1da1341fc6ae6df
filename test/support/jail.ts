/** A jail for tests, without a configuration file: Fail2Ban's defaults, and what the test says. */
import type { IncrementConfig, JailConfig, Located } from "../../shared/core/config/model.ts";

export interface JailSketch extends Partial<Omit<JailConfig, "filter">> {
  readonly failregex?: readonly string[];
  readonly ignoreregex?: readonly string[];
  readonly prefregex?: string;
  readonly datepattern?: readonly string[];
  readonly maxlines?: number;
}

export function jailOf(sketch: JailSketch): JailConfig {
  const { failregex = [], ignoreregex = [], prefregex, datepattern = [], maxlines = 1, ...jail } = sketch;
  const name = jail.name ?? "test";
  return {
    name,
    enabled: true,
    place: { file: "jail.conf", line: 1 },
    backend: "auto",
    filter: {
      name,
      prefregex: prefregex === undefined ? undefined : located(prefregex),
      failregex: failregex.map(located),
      ignoreregex: ignoreregex.map(located),
      datepattern: datepattern.map(located),
      maxlines,
      journalmatch: [],
    },
    logs: [],
    skipIfNoLogs: false,
    logGroup: undefined,
    maxretry: 5,
    findtime: 600_000,
    bantime: 600_000,
    increment: undefined,
    maxmatches: 5,
    ignoreip: [],
    ignoreself: true,
    ignorecommand: undefined,
    usedns: "warn",
    logencoding: "utf-8",
    logtimezone: undefined,
    actions: [],
    ...jail,
  };
}

/** bantime.increment with Fail2Ban's defaults, and what the test says. */
export function incrementOf(sketch: Partial<IncrementConfig> = {}): IncrementConfig {
  const none = { formula: undefined, multipliers: undefined, maxtime: undefined, rndtime: undefined };
  return { factor: 1, ...none, overalljails: false, ...sketch };
}

function located(text: string, index = 0): Located {
  return { text, place: { file: "filter.d/test.conf", line: index + 2 } };
}

/** The filter of the first example in the README: it counts on the accept date being cut. */
export const NOSERV = "^.*haproxy\\[\\d+\\]: <HOST>:\\d+ \\[\\.*\\] http_fe http_fe/<NOSRV> .*";
