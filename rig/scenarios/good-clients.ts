/** What held all the while: customers, who ask all hosts all the time, were never disturbed; mails told of bans, and were few. */
import { setTimeout as sleep } from "node:timers/promises";
import { ON_ONE_HOST } from "./attacks.ts";
import { must, type Scenario, type Stage } from "./scenario.ts";

const undisturbed: Scenario = {
  name: "good clients were never disturbed",
  async run(rig) {
    const { asked, wrong } = rig.good;
    must(asked > 0, "nobody asked anything");
    must(wrong.length === 0, `${wrong.length} of ${asked} requests went wrong: ${wrong.slice(0, 3).join("; ")}`);
    return { "requests, all answered": asked };
  },
};

/** Beside what scenarios provoke: the rig's tables, which share a busy machine with all else, answered too late; it comes again. */
const EXPECTED = /breaker|tripped|not in sync|held|TimeoutError/i;

const calm: Scenario = {
  name: "no function warned of anything but the breaker",
  async run(rig) {
    const troubles = rig.cloud.troubles().filter((line) => !EXPECTED.test(line));
    must(troubles.length === 0, `${troubles.length} lines, the first: ${troubles[0]?.slice(0, 500)}`);
    return {};
  },
};

/** A digest a minute, and single mails at quiet times; the rig bans more than a hundred addresses by then. */
const MAILS_A_MINUTE = 6;
/** A digest may have to wait for the minute to end, ms. */
const PATIENCE = 90_000;

const mailed: Scenario = {
  name: "mails named everybody who was banned, and were few",
  async run(rig) {
    const begun = Date.now();
    const unnamed = () =>
      ON_ONE_HOST.filter(({ from }) => !rig.cloud.mails.some(({ text }) => text.split(/[^0-9a-f.:]+/).includes(from)));
    while (unnamed().length > 0) {
      must(Date.now() < begun + PATIENCE, `no mail names ${unnamed()[0]?.from}, who was banned`);
      await sleep(500);
    }
    const mails = rig.cloud.mails.filter(({ topic }) => topic === "mail").length;
    const minutes = rig.story.seconds() / 60;
    must(mails <= MAILS_A_MINUTE * Math.ceil(minutes), `${mails} mails in ${minutes.toFixed(1)} minutes`);
    return { mails, minutes };
  },
};

export const goodClients: Stage = { title: "All the while", scenarios: [undisturbed, mailed, calm] };
