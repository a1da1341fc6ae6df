/** What people do with the command line, and what people are told. */
import { BANS_PER_MINUTE, changesIn } from "../cloud.ts";
import { get, type Rig } from "../rig.ts";
import { drops, must, type Scenario, type Stage } from "./scenario.ts";

async function told(rig: Rig, ...argv: readonly string[]): Promise<string> {
  const { code, out } = await rig.cloud.command(...argv);
  must(code === 0, `${argv.slice(0, 3).join(" ")} … ended with ${code}: ${out.slice(0, 500)}`);
  return out;
}

const byHand: Scenario = {
  name: "a person bans and unbans with the command line",
  async run(rig) {
    const from = "198.51.100.50";
    for (const host of rig.fleet) must(await rig.opens(host, from), `${from} is dropped by ${host} already`);
    await told(rig, "set", "haproxy-auth", "banip", from);
    const dropped = await rig.untilDropped(from, Date.now());
    await told(rig, "unban", from);
    const open = await rig.untilOpen(from, Date.now());
    return { ...drops(dropped), ...drops(open, "open on") };
  },
};

/** Offenders of one batch that ingest decides on side by side: those under way when the breaker trips are banned too. */
const UNDER_WAY = 16;
/** Addresses that each make one request too many: more than the breaker lets through. */
const CROWD = Array.from({ length: BANS_PER_MINUTE + 40 }, (_, nth) => `198.18.0.${nth + 1}`);

const breaker: Scenario = {
  name: "the breaker stops a jail that bans too many, and says so",
  async run(rig) {
    const statuses = await Promise.all(CROWD.map((from) => rig.request("web-1", from, get("/crowd"))));
    must(
      statuses.every((status) => status === 429),
      "not everybody was refused",
    );
    const since = Date.now();
    const alarm = () => rig.cloud.mails.find(({ topic }) => topic === "alarms");
    while (alarm() === undefined && Date.now() < since + 60_000) await new Promise((wake) => setTimeout(wake, 200));
    must(alarm() !== undefined, "nobody was alarmed");
    // Another jail's ban comes after those of the crowd.
    const from = "198.51.100.51";
    const last = await rig.attack({ from, hosts: ["web-1"], bytes: get("/account"), status: 401, times: 4 });
    await rig.untilDropped(from, last);
    for (const host of rig.fleet) {
      const open = (await Promise.all(CROWD.map((each) => rig.opens(host, each)))).filter(Boolean).length;
      const dropped = CROWD.length - open;
      must(dropped > 0 && dropped <= BANS_PER_MINUTE + UNDER_WAY, `${host} drops ${dropped} of ${CROWD.length}`);
    }
    return { "addresses that failed": CROWD.length, "bans allowed": BANS_PER_MINUTE };
  },
};

const MANY = Array.from({ length: 1_000 }, (_, nth) => `198.18.${100 + (nth >> 8)}.${nth & 255}`);
/** A sample that is asked first: all of them at once would be a flood of knocks. */
const SAMPLE = [0, 250, 500, 750, 999].map((nth) => MANY[nth]!);

const storm: Scenario = {
  name: "a thousand bans at once: few commands, few mails",
  async run(rig) {
    const carrying = () => rig.cloud.ssm.sent.filter((command) => changesIn(command) > 0);
    const [commandsBefore, mailsBefore] = [carrying().length, rig.cloud.mails.length];
    const begun = Date.now();
    await told(rig, "set", "haproxy-notfound", "banip", ...MANY);
    const written = Date.now();
    for (const from of SAMPLE) await rig.untilDropped(from, begun);
    const everywhere = Date.now();
    for (const host of rig.fleet) {
      for (let first = 0; first < MANY.length; first += 100) {
        const open = await Promise.all(MANY.slice(first, first + 100).map((from) => rig.opens(host, from)));
        must(!open.includes(true), `${host} lacks ${open.filter(Boolean).length} of a hundred bans`);
      }
    }
    const commands = carrying().length - commandsBefore;
    const mailed = () => rig.cloud.mails.length - mailsBefore;
    for (const end = Date.now() + 150_000; mailed() === 0 && Date.now() < end; ) {
      // One digest a minute at most, so it may take a while until there is one.
      await new Promise((wake) => setTimeout(wake, 500));
    }
    const mails = mailed();
    must(commands <= 20, `${commands} commands were sent`);
    must(mails >= 1 && mails <= 20, `${mails} mails were sent`);
    return {
      "all rows written after": (written - begun) / 1000,
      "on all hosts after": (everywhere - begun) / 1000,
      ...{ commands, mails },
    };
  },
};

const amnesty: Scenario = {
  name: "unban --all: everybody may come in again",
  async run(rig) {
    const from = SAMPLE[0]!;
    await told(rig, "set", "haproxy-notfound", "banip", from);
    await rig.untilDropped(from, Date.now());
    await told(rig, "unban", "--all");
    return drops(await rig.untilOpen(from, Date.now()), "open on");
  },
};

export const people: Stage = { title: "People and their command line", scenarios: [byHand, breaker] };
export const storms: Stage = { title: "A storm", isLong: true, scenarios: [storm] };
export const end: Stage = { title: "Everybody is let in", isLong: true, scenarios: [amnesty] };
