/** A blocklist of ten thousand at once, and an amnesty for everybody. */
import { setTimeout as sleep } from "node:timers/promises";
import { changesIn } from "../cloud.ts";
import { DELAYS } from "../delays.ts";
import type { HostName } from "../network.ts";
import type { Rig } from "../rig.ts";
import { drops, type Figures, must, type Scenario, type Stage, told } from "./scenario.ts";

const V4 = Array.from({ length: 9_000 }, (_, nth) => `198.18.${100 + (nth >> 8)}.${nth & 255}`);
const V6 = Array.from({ length: 1_000 }, (_, nth) => `2001:db8:bad:1::${(nth + 1).toString(16)}`);
/** As blocklists come: both families among each other. */
const LIST = V4.flatMap((from, nth) => (nth % 9 === 0 ? [from, V6[nth / 9]!] : [from]));
/** Tried on every host; of the others each is tried on one. */
const SAMPLE = LIST.filter((_, nth) => nth % 25 === 0 || nth === LIST.length - 1);
/** Knocks under way at a time. */
const KNOCKS = 400;
/** Elsewhere in the rig hosts are checked every five seconds, and then get lists of all who are on their way to them. */
const AS_OFTEN_AS_DEPLOYED = { ...DELAYS.none, sweep: 60_000, reconcile: 300_000 };
/** How long hosts may take from the first row on, ms: what the rig's tables and cores make of a minute. */
const PATIENCE = 420_000;

interface Knock {
  readonly host: HostName;
  readonly from: string;
}

/** Those that are let in. */
async function letIn(rig: Rig, knocks: readonly Knock[]): Promise<readonly Knock[]> {
  const open: Knock[] = [];
  for (let first = 0; first < knocks.length; first += KNOCKS) {
    const some = knocks.slice(first, first + KNOCKS);
    const answers = await Promise.all(some.map(({ host, from }) => rig.opens(host, from)));
    open.push(...some.filter((_, nth) => answers[nth]));
  }
  return open;
}

const carrying = (rig: Rig) => rig.cloud.ssm.sent.filter((command) => changesIn(command) > 0);

/** Of the scripts that brought bans since then: how long they ran, s. */
function scriptTimes(rig: Rig, since: number): Figures {
  const runs = rig.cloud.ssm.runs().filter((run) => run.startedAt >= since && /^b /m.test(run.changes));
  const seconds = runs.map(({ took }) => took / 1000).sort((a, b) => a - b);
  return { "script, median": seconds[seconds.length >> 1] ?? 0, "script, longest": seconds.at(-1) ?? 0 };
}

const storm: Scenario = {
  name: "a list of ten thousand addresses, IPv4 and IPv6: few commands, few mails",
  run: (rig) => rig.withDelays(AS_OFTEN_AS_DEPLOYED, () => list(rig)),
};

async function list(rig: Rig): Promise<Figures> {
  const everywhere = SAMPLE.flatMap((from) => rig.fleet.map((host) => ({ host, from })));
  const shut = everywhere.length - (await letIn(rig, everywhere)).length;
  must(shut === 0, `${shut} of ${everywhere.length} connections are dropped already`);
  const [commandsBefore, mailsBefore] = [carrying(rig).length, rig.cloud.mails.length];
  const begun = Date.now();
  await told(rig, LIST, "set", "haproxy-notfound", "banip", "-");
  const written = Date.now();
  let [left, at]: [readonly Knock[], number] = [everywhere, written];
  for (;;) {
    at = Date.now();
    left = await letIn(rig, left);
    if (left.length === 0) break;
    must(at < begun + PATIENCE, `${left[0]!.host} and others lack ${left.length} of ${everywhere.length} bans`);
    await sleep(200);
  }
  const [commands, figures] = [carrying(rig).length - commandsBefore, scriptTimes(rig, begun)];
  const each = LIST.map((from, nth) => ({ host: rig.fleet[nth % rig.fleet.length]!, from }));
  const lacking = await letIn(rig, each);
  must(lacking.length === 0, `${lacking[0]?.host} and others lack ${lacking.length} of ${LIST.length} bans`);
  const digest = () => rig.cloud.mails.slice(mailsBefore).find(({ text }) => LIST.some((from) => text.includes(from)));
  while (digest() === undefined) {
    // One digest a minute at most, so it may take a while until there is one.
    must(Date.now() < at + PATIENCE, "no mail tells of any of them");
    await sleep(500);
  }
  const mails = rig.cloud.mails.length - mailsBefore;
  must(commands <= MOST_COMMANDS, `${commands} commands were sent`);
  must(mails <= MOST_MAILS, `${mails} mails were sent`);
  return {
    addresses: LIST.length,
    "all rows written after": (written - begun) / 1000,
    "on all hosts after": (at - begun) / 1000,
    ...{ commands, ...figures, mails },
  };
}

/** A slot in eight seconds at most, and two for a full batch: so many in two minutes on slow tables, and some for what heals. */
const MOST_COMMANDS = 30;
/** A digest a minute. */
const MOST_MAILS = 10;

const LATE = ["198.18.90.1", "2001:db8:bad:2::1"];

const amnesty: Scenario = {
  name: "unban --all: everybody may come in again",
  async run(rig) {
    await told(rig, LATE, "set", "haproxy-notfound", "banip", "-");
    const asked = Date.now();
    await Promise.all(LATE.map((from) => rig.untilDropped(from, asked)));
    const begun = Date.now();
    await told(rig, [], "unban", "--all");
    const lifted = Date.now();
    const [open] = await Promise.all(LATE.map((from) => rig.untilOpen(from, lifted)));
    return { "rows gone after": (lifted - begun) / 1000, ...drops(open!, "open on") };
  },
};

/** The amnesty comes first: of the ten thousand it would take the rig's tables minutes. */
export const amnesties: Stage = { title: "Everybody is let in", isLong: true, scenarios: [amnesty] };
export const storms: Stage = { title: "A storm", isLong: true, scenarios: [storm] };
