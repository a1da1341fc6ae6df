/** The parts around `notifyPeople`, in memory and in virtual time, with faults that a test chooses. */
import type { NotifyDeps } from "../../shared/app/notify-people.ts";
import { parseIp } from "../../shared/core/address.ts";
import type { Ban, BanChange } from "../../shared/core/ban.ts";
import type { OutgoingMail } from "../../shared/ports/mailbox.ts";
import type { MailAction } from "../../shared/ports/notifier.ts";
import type { Pace } from "../../shared/ports/pace.ts";
import { createMemoryMarks } from "./memory-marks.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Sent extends OutgoingMail {
  readonly box: string;
  readonly at: number;
}

export function mailAction(change: Partial<MailAction> = {}): MailAction {
  return {
    kind: "mail",
    name: "sendmail",
    dest: "ops",
    sender: "fail2ban",
    subjectName: "Web",
    whois: false,
    lines: false,
    ...change,
  };
}

export function banOf(n: number, change: Partial<Ban> = {}): Ban {
  return {
    id: parseIp(`198.18.${n >> 8}.${n & 255}`)!,
    jail: "web",
    since: 0,
    expiresAt: 86_400_000,
    generation: 1,
    count: 1,
    failures: 5,
    matches: [],
    source: "i-1",
    actor: "fleet2ban",
    ruleset: "r",
    ...change,
  };
}

export const banned = (ban: Ban): BanChange => ({ kind: "banned", ban });

/** As the rows give slots. */
export function memoryPace(): Pace {
  const next = new Map<string, number>();
  return {
    async reserve(what, gap, now, patience = Number.POSITIVE_INFINITY) {
      const free = Math.max(next.get(what) ?? 0, now);
      if (free - now <= patience) next.set(what, free + gap);
      return free - now;
    },
  };
}

export interface NotifyRig {
  readonly deps: NotifyDeps;
  readonly sent: Sent[];
  readonly counts: Map<string, number>;
  readonly aside: { readonly source: string; readonly reason: string; readonly body: string }[];
}

/** `before` runs ahead of each publish and may throw, `after` once the mail is out. */
export function notifyRig(
  time: VirtualTime,
  change: Partial<NotifyDeps> = {},
  { before = () => {}, after = () => {} }: { before?: (mail: Sent) => void; after?: (mail: Sent) => void } = {},
): NotifyRig {
  const sent: Sent[] = [];
  const counts = new Map<string, number>();
  const aside: NotifyRig["aside"] = [];
  const deps: NotifyDeps = {
    actions: new Map([["web", [mailAction()]]]),
    observed: new Set(),
    teller: { name: "prod", stack: "prod", zone: () => 0 },
    mailbox: {
      boxOf: (dest) => `box of ${dest}`,
      async send(box, mail) {
        const one = { ...mail, box, at: time.now() };
        before(one);
        sent.push(one);
        after(one);
      },
    },
    whois: { about: async () => ({ kind: "known", facts: ["Holder:   Example"] }) },
    pace: memoryPace(),
    marks: createMemoryMarks(),
    setAside: { put: async (item) => void aside.push(item) },
    metrics: {
      count: (name, by) => void counts.set(name, (counts.get(name) ?? 0) + by),
      delay: () => undefined,
      level: () => undefined,
    },
    now: time.now,
    wait: time.wait,
    longest: () => 840_000,
    ...change,
  };
  return { deps, sent, counts, aside };
}
