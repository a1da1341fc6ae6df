/**
 * Who does what when. A scene is a second or two of real traffic; between scenes nothing happened, so that time is cut:
 * `minute` says where in the log's day the scene belongs (see README.md).
 */
import type { KindName } from "./clients.ts";

export interface Act {
  readonly who: string;
  readonly does: KindName;
  readonly times: number;
  /** Which host's address it connects to; both = one after the other, the way round-robin DNS spreads clients. */
  readonly at?: "lb1" | "lb2";
}

export interface Scene {
  /** Minutes after 06:00. */
  readonly minute: number;
  readonly acts: readonly Act[];
  /** The shop's only server is down during this scene. */
  readonly outage?: boolean;
}

/** Visitors that no jail may ban, whatever bad luck they have. */
const SHOPPERS = [
  "198.51.100.10",
  "198.51.100.11",
  "198.51.100.12",
  "198.51.100.13",
  "2001:db8:10::a",
  "2001:db8:10:0:1::5733",
];
const CLERK = "198.51.100.40";
const BROKEN_PAGE = "198.51.100.41";
const PHONE = "198.51.100.42";
const OLD_BROWSER = "198.51.100.43";
const SENSOR = "198.51.100.44";
const MONITOR = "198.51.100.50";
const SLOW_SCANNER = "192.0.2.11";
const SLOW_CRAWLER = "192.0.2.51";

/** Attackers, each with the jail that must ban it. */
export const ATTACKERS: Readonly<Record<string, readonly string[]>> = {
  "haproxy-noserver": ["192.0.2.10"],
  "haproxy-badrequest": ["192.0.2.20"],
  "haproxy-auth": ["192.0.2.30", "192.0.2.31", "2001:db8:bad::30"],
  "haproxy-denied": ["192.0.2.40"],
  "haproxy-notfound": ["192.0.2.50", "2001:db8:bad:1:2:3:4:50"],
  "haproxy-paths": ["192.0.2.60", "192.0.2.61", "2001:db8:bad:2::10"],
  "haproxy-ratelimited": ["192.0.2.70"],
  "haproxy-slow": ["192.0.2.80"],
  "haproxy-tls": ["192.0.2.90"],
  "haproxy-connections": ["192.0.2.100", "192.0.2.101", "192.0.2.102"],
};

/** Clients that try to have somebody else banned, or to be overlooked; their own visits are answered 200. */
const FRAMER = "192.0.2.110";

function act(who: string, does: KindName, times = 1, at?: "lb1" | "lb2"): Act {
  return at === undefined ? { who, does, times } : { who, does, times, at };
}

/** What goes on all day: people shop, a monitor looks in, a sensor reports. */
function everyday(minute: number): Act[] {
  const shoppers = SHOPPERS.flatMap((who, nth) => [
    act(who, nth % 2 === 0 ? "page" : "securePage", 1 + ((minute + nth) % 3)),
    ...(nth % 3 === 0 ? [act(who, "cached"), act(who, "apiCall")] : []),
  ]);
  return [...shoppers, act(MONITOR, "untouched", 2), act(SENSOR, "publish")];
}

const SPECIAL: Readonly<Record<number, Omit<Scene, "minute">>> = {
  0: { acts: [act(CLERK, "firstLook"), act(CLERK, "wrongPassword", 3), act(CLERK, "rightPassword", 2)] },
  5: { acts: [act("192.0.2.60", "secret", 7)] },
  10: { acts: [act("192.0.2.10", "unknownHost"), act(SLOW_SCANNER, "unknownHost")] },
  15: { acts: [act("192.0.2.30", "wrongPassword", 6, "lb1"), act(BROKEN_PAGE, "deadImage", 12)] },
  18: { acts: [act("192.0.2.30", "wrongPassword", 6, "lb2")] },
  20: {
    acts: [act("192.0.2.10", "unknownHost"), act("192.0.2.20", "garbage", 6), act("192.0.2.20", "helloOnPlainPort", 6)],
  },
  30: { acts: [act("192.0.2.10", "unknownHost"), act(SLOW_SCANNER, "unknownHost"), act(PHONE, "unfinished", 2)] },
  35: { acts: [act("192.0.2.50", "probe", 60), act(FRAMER, "framing", 6), act(FRAMER, "apiFraming", 6)] },
  40: { acts: [act("192.0.2.10", "unknownHost"), act(SLOW_CRAWLER, "deadImage", 8)] },
  45: { acts: [act("192.0.2.80", "unfinished", 14), act(SLOW_CRAWLER, "deadImage", 8)] },
  50: { acts: [act("192.0.2.10", "unknownHost"), act(SLOW_SCANNER, "unknownHost"), act(SLOW_CRAWLER, "deadImage", 8)] },
  55: { acts: [act("192.0.2.90", "plainOnTlsPort", 25), act(OLD_BROWSER, "plainOnTlsPort", 6)] },
  65: { acts: SHOPPERS.map((who) => act(who, "page", 6)), outage: true },
  70: { acts: [act("2001:db8:bad::30", "wrongPassword", 12), act(SLOW_SCANNER, "unknownHost")] },
  75: { acts: [act("192.0.2.40", "internal", 14)] },
  80: { acts: [act("192.0.2.70", "search", 120)] },
  90: { acts: [act("192.0.2.100", "publish", 60), act("192.0.2.31", "apiLogin", 13)] },
  100: { acts: [act("192.0.2.101", "massScan", 24), act(SLOW_SCANNER, "unknownHost")] },
  110: { acts: [act("192.0.2.102", "injection", 24), act("2001:db8:bad:1:2:3:4:50", "probe", 40)] },
  // Some come back when their ban is over, and are banned for longer.
  120: { acts: [act("192.0.2.30", "wrongPassword", 12), act("2001:db8:bad:2::10", "secret", 5)] },
  130: { acts: [act("192.0.2.50", "probe", 45), act("192.0.2.61", "apiSecret", 4)] },
  150: { acts: [act(CLERK, "wrongPassword", 2), act(CLERK, "rightPassword")] },
  180: { acts: [act("192.0.2.50", "probe", 45)] },
  240: { acts: [] },
  270: { acts: [act("192.0.2.30", "wrongPassword", 12)] },
  300: { acts: [act("192.0.2.60", "secret", 5)] },
  360: { acts: [] },
  480: { acts: [] },
  600: { acts: [] },
};

export const SCENES: readonly Scene[] = Object.entries(SPECIAL).map(([minute, { acts, outage = false }]) => ({
  minute: Number(minute),
  acts: outage ? acts : [...acts, ...everyday(Number(minute))],
  outage,
}));

/** Every source address of the recording. */
export function addresses(): readonly string[] {
  return [...new Set(SCENES.flatMap(({ acts }) => acts.map(({ who }) => who)))];
}
