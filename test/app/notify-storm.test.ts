/**
 * A storm: ten thousand bans within a minute, on several shards, batches delivered again after success and after
 * failure. Whatever comes when, no box gets two mails in a second or two digests in a minute, and every ban is told.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type NotifyDeps, notifyPeople } from "../../shared/app/notify-people.ts";
import { DIGEST_GAP, MAIL_GAP } from "../../shared/app/pace-mails.ts";
import type { Ban, BanChange } from "../../shared/core/ban.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { banned, banOf, mailAction, notifyRig, type Sent } from "./notify-rig.ts";
import { createVirtualTime, type VirtualTime } from "./virtual-time.ts";

const WINDOW = 30_000;
const BATCH = 1_000;
/** What a function of two minutes may spend on waiting, once 45 s are set apart for sending. */
const LONGEST_WAIT = 75_000;
/** How often a mapping delivers one batch again. */
const RETRIES = 100;

interface Record {
  readonly at: number;
  readonly ban: Ban;
}

/** As Lambda reads one shard: what is there, up to a thousand records or for 30 s; a failed batch comes again as it was. */
async function readShard(
  records: readonly Record[],
  time: VirtualTime,
  invoke: (changes: readonly BanChange[]) => Promise<boolean>,
): Promise<void> {
  let next = 0;
  while (next < records.length) {
    const first = Math.max(time.now(), records[next]!.at);
    const full = records[next + BATCH - 1]?.at ?? Number.POSITIVE_INFINITY;
    await time.wait(Math.max(0, Math.min(first + WINDOW, full) - time.now()));
    const batch = records.slice(next, next + BATCH).filter(({ at }) => at <= time.now());
    const changes = batch.map(({ ban }) => banned(ban));
    for (let retries = 0; !(await invoke(changes)); retries++) {
      if (retries === RETRIES) throw new Error("a batch was given up");
      await time.wait(Math.min(1_000 * 2 ** retries, 60_000));
    }
    next += batch.length;
  }
}

interface Storm {
  readonly shards: number;
  readonly bans: number;
  /** How long it lasts, ms. */
  readonly length: number;
  /** One in so many publishes fails before it goes, one in so many batches comes again after success. */
  readonly fails: number;
  readonly repeats: number;
}

async function blow({ shards, bans, length, fails, repeats }: Storm) {
  const time = createVirtualTime(1_795_000_000_000);
  const start = time.now();
  let published = 0;
  const before = () => {
    if (++published % fails === 0) throw new PortError("unavailable", "throttled", "Wait.");
  };
  const actions: NotifyDeps["actions"] = new Map([
    ["web", [mailAction()]],
    ["ssh", [mailAction(), mailAction({ dest: "soc" })]],
  ]);
  const { deps, sent } = notifyRig(time, { actions }, { before });
  const all = Array.from({ length: bans }, (_, n): Record => {
    const at = start + Math.floor((n * length) / bans);
    return { at, ban: banOf(n, { jail: n % 5 === 0 ? "ssh" : "web", since: at, expiresAt: at + 86_400_000 }) };
  });
  let invoked = 0;
  const invoke = async (changes: readonly BanChange[]) => {
    const ends = time.now() + LONGEST_WAIT;
    const { failed } = await notifyPeople(changes, { ...deps, longest: () => ends - time.now() });
    return failed.length === 0 && ++invoked % repeats !== 0;
  };
  const readers = Array.from({ length: shards }, (_, shard) =>
    readShard(
      all.filter((_, n) => n % shards === shard),
      time,
      invoke,
    ),
  );
  await time.run(Promise.all(readers));
  return { sent, all, took: time.now() - start };
}

/** How many bans a mail tells of. */
function told({ kind, text }: Sent): number {
  return kind === "ban" ? 1 : Number(/^(\d+) bans began/.exec(text)?.[1]);
}

function gaps(mails: readonly Sent[]): number[] {
  const times = mails.map(({ at }) => at).sort((a, b) => a - b);
  return times.slice(1).map((at, n) => at - times[n]!);
}

function expectPaced(sent: readonly Sent[], all: readonly Record[]): void {
  for (const box of ["box of ops", "box of soc"]) {
    const mails = sent.filter((mail) => mail.box === box);
    const due = box === "box of ops" ? all : all.filter(({ ban }) => ban.jail === "ssh");
    expect(Math.min(...gaps(mails), MAIL_GAP)).toBe(MAIL_GAP);
    expect(Math.min(...gaps(mails.filter(({ kind }) => kind === "digest")), DIGEST_GAP)).toBe(DIGEST_GAP);
    expect(mails.reduce((sum, mail) => sum + told(mail), 0)).toBe(due.length);
  }
}

describe("a storm", () => {
  it("of 10 000 bans in a minute over 4 shards makes a digest a minute, until all are told", async () => {
    const storm = { shards: 4, bans: 10_000, length: 60_000, fails: 7, repeats: 3 };
    const { sent, all, took } = await blow(storm);
    expectPaced(sent, all);
    const digests = sent.filter(({ box, kind }) => box === "box of ops" && kind === "digest");
    console.info(`storm: ${digests.length} digests and no other mail to one box in ${Math.round(took / 60_000)} min`);
    expect(digests.length).toBeLessThanOrEqual(16);
    expect(sent.filter(({ box }) => box === "box of ops")).toHaveLength(digests.length);
  });

  it("of any size, over any shards, with any faults keeps to the pace and tells every ban once", async () => {
    const storms = fc.record({
      shards: fc.integer({ min: 1, max: 8 }),
      bans: fc.integer({ min: 1, max: 4_000 }),
      length: fc.constantFrom(0, 1_000, 60_000, 600_000),
      fails: fc.integer({ min: 2, max: 9 }),
      repeats: fc.integer({ min: 2, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(storms, async (storm) => {
        const { sent, all } = await blow(storm);
        expectPaced(sent, all);
      }),
      // Digests 59 s apart, where a digest waited for the slot of a mail after its own.
      { numRuns: 40, examples: [[{ shards: 7, bans: 521, length: 600_000, fails: 2, repeats: 2 }]] },
    );
  });
});
