/**
 * What hosts should hold, to be compared with what they say: the bans read before and after hosts were asked.
 *
 * Rows and hosts change all the time, and a host is always a little behind. So a host agrees with the rows if it has
 * what either reading says, and a host that does not agree while rows are changing may only be on its way.
 */
import type { HostBan } from "../firewall/change.ts";
import { digestOf } from "../firewall/digest.ts";
import { expirySeconds } from "../firewall/encode.ts";
import { refusalOf } from "../firewall/enforceable.ts";
import type { Receipt } from "../firewall/receipt.ts";

export interface Expectation {
  /** Whether the host holds the bans that it should, by its receipt. */
  agrees(receipt: Pick<Receipt, "digest" | "bans" | "at">): boolean;
  /** Rows changed while hosts were asked, or so shortly before that commands may still be on their way. */
  readonly moving: boolean;
  /** Greatest firewall revision among the bans; undefined = there are none. */
  readonly revision: number | undefined;
}

/** A ban that changed within this time (ms) may not have reached every host. */
export const SETTLING = 60_000;

/**
 * Of the bans as they were read before and after hosts were asked, the first from `beganAt` (epoch ms) on. `lastChange`
 * (epoch ms) = the youngest ban, by its event; a ban that came longer than SETTLING before has reached every host.
 */
export function expectationOf(
  before: readonly HostBan[],
  after: readonly HostBan[],
  lastChange: number | undefined,
  beganAt: number,
): Expectation {
  const readings = [before, after].map((bans) => bans.filter(({ target }) => refusalOf(target) === undefined));
  const digests = new Map<number, ReadonlySet<string>>();
  // Hosts answer within a few seconds of each other: one digest a second serves them all.
  const digestsAt = (second: number) => {
    const known = digests.get(second) ?? new Set(readings.map((bans) => digestOf(bans, second * 1000)));
    digests.set(second, known);
    return known;
  };
  const standing = (bans: readonly HostBan[], second: number) =>
    bans.filter(({ expiresAt }) => expiresAt === undefined || expirySeconds(expiresAt) > second).length;
  const [first = [], second = []] = readings;
  return {
    agrees: ({ digest, bans, at }) => {
      const time = Math.floor(at / 1000);
      // A host without cksum can only be counted.
      if (digest === "") return readings.some((reading) => standing(reading, time) === bans);
      return digestsAt(time).has(digest);
    },
    moving: digestOf(first, beganAt) !== digestOf(second, beganAt) || (lastChange ?? 0) > beganAt - SETTLING,
    revision: after.reduce<number | undefined>(
      (greatest, { firewall }) => Math.max(greatest ?? firewall.revision, firewall.revision),
      undefined,
    ),
  };
}
