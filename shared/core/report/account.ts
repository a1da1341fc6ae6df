/**
 * `why`: all that is known of one address: which jails ban it and for which lines, how near others are to it, and what
 * keeps it from a ban. The account is what `--json` prints; the text can never know more.
 */
import type { Target } from "../address.ts";
import type { Ban } from "../ban.ts";
import type { NeverBanReason } from "../detect/never-ban.ts";
import type { Offence } from "../detect/offence.ts";
import type { CountedFailure } from "../detect/window.ts";
import { oneLine, quoted } from "./mail-quote.ts";
import { causeOf } from "./mail-text.ts";
import { formatDuration, formatTime, type ZoneOffset } from "./time-text.ts";

export interface Account {
  readonly id: Target;
  /** The bans that stand and hold the id, by itself or in a network. */
  readonly bans: readonly Ban[];
  /** Decided, and held back because the jail banned suspiciously many. */
  readonly held: readonly Ban[];
  /** Jails that have counted it within their findtime, and not banned it yet. */
  readonly counted: readonly Counted[];
  /** What people and the configuration let alone. */
  readonly spared: readonly Spared[];
  /** Why no jail may ban it, whatever it does; absent = they may. */
  readonly neverBan?: NeverBanReason;
  /** Its bans so far, those that stand included, as bantime.increment counts them. */
  readonly history: readonly Offence[];
}

export interface Counted {
  readonly jail: string;
  readonly maxretry: number;
  /** Ms. */
  readonly findtime: number;
  /** In the order of time. */
  readonly failures: readonly CountedFailure[];
}

export type Spared =
  /** An address or network of the jail's ignore list that holds it. */
  | { readonly kind: "ignored"; readonly jail: string; readonly by: Target }
  /** After an unban, until then (epoch ms; undefined = for ever). */
  | { readonly kind: "immune"; readonly jail: string; readonly until: number | undefined };

/** More lines of one ban or window than these are counted, not shown. */
const MOST_LINES = 20;

/** A paragraph an id: what is true of it, a line each, with the log lines below. No newline at the end. */
export function formatAccounts(accounts: readonly Account[], zone: ZoneOffset): string {
  return accounts.map((account) => [account.id, ...linesOf(account, zone)].join("\n")).join("\n\n");
}

function linesOf({ id, bans, held, counted, spared, neverBan, history }: Account, zone: ZoneOffset): string[] {
  const time = (at: number) => formatTime(at, zone);
  const until = (at: number | undefined) => (at === undefined ? "for ever" : `until ${time(at)}`);
  const named = (ban: Ban) => (ban.id === id ? ban.jail : `${ban.jail} with ${ban.id}`);
  const lines = [
    ...(neverBan === undefined ? [] : [`no jail may ban it: ${NEVER[neverBan]}`]),
    ...bans.flatMap((ban) => [
      `banned in ${named(ban)} since ${time(ban.since)}, ${until(ban.expiresAt)}, ${causeOf(ban)}${origin(ban)}`,
      ...quoted(ban.matches, MOST_LINES),
    ]),
    ...held.flatMap((ban) => [
      `held back in ${ban.jail} since ${time(ban.since)}, ${causeOf(ban)}: settle it with set ${ban.jail} held ban, or let-go`,
      ...quoted(ban.matches, MOST_LINES),
    ]),
    ...counted.flatMap(({ jail, maxretry, findtime, failures }) => [
      `counted in ${jail}: ${failures.length} of ${maxretry} failures within ${formatDuration(findtime)}`,
      ...quoted(
        failures.map(({ at, stream, line }) => `${time(at)} ${stream}${line === undefined ? "" : `: ${line}`}`),
        MOST_LINES,
      ),
    ]),
    ...spared.map((each) =>
      each.kind === "ignored"
        ? `ignored by ${each.jail}: ${each.by}`
        : `let alone by ${each.jail} ${until(each.until)}, since somebody unbanned it`,
    ),
    ...history
      .filter(({ jail, count }) => count > 0 && !bans.some((ban) => ban.jail === jail && ban.id === id))
      .map(
        ({ jail, count, since, until: end }) =>
          `was banned in ${jail} ${count === 1 ? "once" : `${count} times`}, last since ${time(since)}, ${until(end)}`,
      ),
  ];
  return (lines.length > 0 ? lines : [NOTHING]).map((line) => `  ${line}`);
}

const NOTHING = "nothing is known of it: no jail bans it, has counted it within its findtime, or has banned it of late";

const NEVER: Readonly<Record<NeverBanReason, string>> = {
  unspecified: "it is no address of a client",
  loopback: "it is the machine itself (loopback)",
  "link-local": "it is link-local",
  multicast: "it is multicast",
  broadcast: "it is the broadcast address",
  own: "it is an address of a host that bans",
  protected: "it is in a network that the configuration protects",
  "too-wide": "the network is too wide",
  "never-a-client": "it is no address of a client",
};

/** Which ban of the id it is, and which log saw its last failure. */
function origin({ count, source }: Ban): string {
  const again = count > 1 ? `; ban number ${count}` : "";
  return source === undefined ? again : `${again}; logged by ${oneLine(source)}`;
}
