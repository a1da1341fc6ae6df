/** Where we differ from Fail2Ban on purpose, each with its reason. Any other difference is a defect, of one of the two. */
import type { Disagreement } from "./evaluate.ts";

export interface Exception {
  readonly title: string;
  readonly reason: string;
  covers(disagreement: Disagreement): boolean;
}

/** What Fail2Ban's samples take for addresses: numbers with leading zeros, which some programs read as octal. */
const NO_ADDRESSES: ReadonlySet<string> = new Set(["192.030.0.6", "192.0.2.09"]);

/** What stands in the place of a row that one side does not print. */
export const NO_ROW = "no row";

export const EXCEPTIONS: readonly Exception[] = [
  {
    title: "Text that is no address is refused",
    reason:
      "Fail2Ban bans whatever has the shape of an address, 999.1.1.1 too, and then fails to. An octet with a leading " +
      "zero is read as decimal by some programs and as octal by others, so nobody knows whom it means. Such matches " +
      "are counted (metric Refused) and ban nobody.",
    covers: ({ aspect, expected, got }) =>
      (aspect === "match" && NO_ADDRESSES.has(got.replace(/^refused /, ""))) ||
      (aspect === "row" && got === NO_ROW && NO_ADDRESSES.has(/^\['([^']*)'/.exec(expected)?.[1] ?? "")),
  },
];

export function exceptionFor(disagreement: Disagreement): Exception | undefined {
  return EXCEPTIONS.find((exception) => exception.covers(disagreement));
}
