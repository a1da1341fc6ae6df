/** What people do with the command line, and what people are told. */
import { BANS_PER_MINUTE } from "../cloud.ts";
import { get } from "../rig.ts";
import { drops, must, type Scenario, type Stage, told } from "./scenario.ts";

/** One of each family. */
const BY_HAND = ["198.51.100.50", "2001:db8:bad::50"];

const byHand: Scenario = {
  name: "a person bans and unbans with the command line",
  async run(rig) {
    for (const host of rig.fleet)
      for (const from of BY_HAND) must(await rig.opens(host, from), `${from} is dropped by ${host} already`);
    await told(rig, [], "set", "haproxy-auth", "banip", ...BY_HAND);
    const asked = Date.now();
    const [dropped] = await Promise.all(BY_HAND.map((from) => rig.untilDropped(from, asked)));
    await told(rig, [], "unban", ...BY_HAND);
    const askedAgain = Date.now();
    const [open] = await Promise.all(BY_HAND.map((from) => rig.untilOpen(from, askedAgain)));
    return { ...drops(dropped!), ...drops(open!, "open on") };
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

export const people: Stage = { title: "People and their command line", scenarios: [byHand, breaker] };
