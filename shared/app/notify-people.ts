/**
 * Changes of ban rows become mail to people, and a storm of bans does not become a storm of mails: a service that mails
 * more than a few a second takes the address off its list, and then nobody hears of anything any more.
 *
 * Few bans of a batch are a mail each, many are one digest. Every mail of a box waits for its slot, one a second, and
 * every digest for its own, one a minute; while it waits, the next batch grows. Several readers share the slots.
 *
 * What was mailed is marked after it went. So a batch that comes again mails nothing twice, but for a process that ended
 * between the two, an answer of the service that was lost, or a digest whose batch comes again in other company.
 */
import { createHash } from "node:crypto";
import type { Ban, BanChange } from "../core/ban.ts";
import { beginsBan } from "../core/ban-log.ts";
import { keyText } from "../core/detect/key.ts";
import { digestMail } from "../core/report/mail-digest.ts";
import { banMail, type Teller } from "../core/report/mail-text.ts";
import { PortError, type PortErrorCode } from "../ports/failure.ts";
import type { Mailbox, OutgoingMail } from "../ports/mailbox.ts";
import type { Marks } from "../ports/marks.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { MailAction } from "../ports/notifier.ts";
import type { SetAside } from "../ports/set-aside.ts";
import type { Whois } from "../ports/whois.ts";
import { type MailPaceDeps, slotForDigest, slotForMail } from "./pace-mails.ts";
import { stands } from "./show-status.ts";

export interface NotifyDeps extends MailPaceDeps {
  /** The mail actions of each jail that has any. */
  readonly actions: ReadonlyMap<string, readonly MailAction[]>;
  /** Jails that have nothing enforced. */
  readonly observed: ReadonlySet<string>;
  readonly teller: Teller;
  readonly mailbox: Mailbox;
  readonly whois: Whois;
  readonly marks: Marks;
  readonly setAside: SetAside;
  readonly metrics: Metrics;
}

export interface NotifyReport {
  readonly mails: number;
  readonly digests: number;
  /** Addresses of mail actions that no box serves: nobody was told there. */
  readonly unserved: readonly string[];
  /** Boxes that could not be served, with the reason: deliver the batch again. */
  readonly failed: readonly { readonly box: string; readonly cause: unknown }[];
}

/** More bans than this in a batch, for one box, are told in a digest. */
export const FEW = 5;
/** Longer than a stream keeps its records, ms. */
const MARK_KEPT = 2 * 86_400_000;

const NEEDS_A_PERSON: ReadonlySet<PortErrorCode> = new Set(["rejected", "missing", "denied"]);

/** What one box is to be told of. */
interface Post {
  readonly box: string;
  readonly bans: Map<string, { readonly ban: Ban; readonly actions: MailAction[] }>;
}

/** Tells people of the bans that begin in these changes. Never throws for a box: the others are served nevertheless. */
export async function notifyPeople(changes: readonly BanChange[], deps: NotifyDeps): Promise<NotifyReport> {
  const { posts, unserved } = sortPosts(changes, deps);
  const outcomes = await Promise.all(
    posts.map(async (post) => {
      try {
        return await deliver(post, deps);
      } catch (cause) {
        // The batch comes again; what went to this box and to others is marked by then.
        return { mails: 0, digests: 0, failed: { box: post.box, cause } };
      }
    }),
  );
  return {
    mails: outcomes.reduce((sum, { mails }) => sum + mails, 0),
    digests: outcomes.reduce((sum, { digests }) => sum + digests, 0),
    unserved,
    failed: outcomes.flatMap((outcome) => ("failed" in outcome ? [outcome.failed] : [])),
  };
}

/** Each box with its bans, each ban once: a stream may hold one twice, and two addresses may share a box. */
function sortPosts(changes: readonly BanChange[], { actions, mailbox }: NotifyDeps) {
  const posts = new Map<string, Post>();
  const unserved = new Set<string>();
  for (const { ban } of changes.filter(beginsBan)) {
    for (const action of actions.get(ban.jail) ?? []) {
      const box = mailbox.boxOf(action.dest);
      if (box === undefined) {
        unserved.add(action.dest);
        continue;
      }
      const post = posts.get(box) ?? { box, bans: new Map() };
      const key = nameOf(ban);
      const entry = post.bans.get(key) ?? { ban, actions: [] };
      entry.actions.push(action);
      posts.set(box, { box, bans: post.bans.set(key, entry) });
    }
  }
  return { posts: [...posts.values()], unserved: [...unserved] };
}

async function deliver(post: Post, deps: NotifyDeps): Promise<{ readonly mails: number; readonly digests: number }> {
  return post.bans.size > FEW ? deliverDigest(post, deps) : deliverMails(post, deps);
}

async function deliverMails({ box, bans }: Post, deps: NotifyDeps) {
  const { marks, now, observed, teller, whois } = deps;
  const named = [...bans].map(([key, entry]) => ({ ...entry, mark: markOf(box, key) }));
  const noted = await marks.noted(named.map(({ mark }) => mark));
  // A ban that is over needs nobody.
  const due = named.filter(({ ban, mark }) => !noted.has(mark) && stands(ban, now()));
  // All at once: registries are slow, and they are different ones.
  const answers = await Promise.all(
    due.map(({ ban, actions }) => (actions.some((action) => action.whois) ? whois.about(ban.id) : undefined)),
  );
  let mails = 0;
  for (const [nth, { ban, actions, mark }] of due.entries()) {
    const { subjectName } = actions[0]!;
    const lines = actions.some((action) => action.lines);
    const parts = { ban, subjectName, lines, whois: answers[nth], observed: observed.has(ban.jail), teller };
    await slotForMail(box, deps);
    mails += await hand(box, { ...banMail(parts), kind: "ban", jail: ban.jail }, mark, deps);
  }
  return { mails, digests: 0 };
}

async function deliverDigest({ box, bans }: Post, deps: NotifyDeps) {
  const { marks, metrics, now, observed, teller } = deps;
  const mark = markOf(box, [...bans.keys()].sort().join("\n"));
  if ((await marks.noted([mark])).size > 0) return { mails: 0, digests: 0 };
  await slotForDigest(box, deps);
  const all = [...bans.values()].map(({ ban }) => ban);
  const standing = all.filter((ban) => stands(ban, now()));
  if (standing.length === 0) return { mails: 0, digests: 0 };
  const jails = new Set(standing.map((ban) => ban.jail));
  const text = digestMail({ bans: standing, over: all.length - standing.length, observed, teller });
  const jail = jails.size === 1 ? standing[0]!.jail : undefined;
  const digests = await hand(box, { ...text, kind: "digest", jail }, mark, deps);
  for (const ban of standing) metrics.count("MailsDigested", digests, ban.jail);
  return { mails: 0, digests };
}

/**
 * Sends one mail whose slot has come and marks it; 1 = it went. What the service does not take although it is there (a topic that
 * is gone, a right that lacks) waits for a person: it is set aside, so that it does not hold up the other boxes' mails.
 */
async function hand(box: string, mail: OutgoingMail, mark: string, deps: NotifyDeps): Promise<0 | 1> {
  const { mailbox, marks, metrics, now, setAside } = deps;
  let sent: 0 | 1 = 1;
  try {
    await mailbox.send(box, mail);
  } catch (error) {
    if (!(error instanceof PortError && NEEDS_A_PERSON.has(error.code))) throw error;
    await setAside.put({ source: box, reason: error.message, body: `${mail.subject}\n\n${mail.text}` });
    metrics.count("Malformed", 1);
    sent = 0;
  }
  await marks.note(mark, now() + MARK_KEPT);
  metrics.count("MailsSent", sent, mail.jail);
  return sent;
}

function nameOf(ban: Ban): string {
  return `${keyText(ban)} ${ban.generation}`;
}

/** Short whatever the names are made of. */
function markOf(box: string, what: string): string {
  return `mail ${createHash("sha256").update(`${box}\n${what}`).digest("hex")}`;
}
