/** The customers of the shop, who ask all hosts all the time: nobody of them was ever disturbed. */
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

const calm: Scenario = {
  name: "no function warned of anything but the breaker",
  async run(rig) {
    const troubles = rig.cloud.troubles().filter((line) => !/breaker|tripped|not in sync|held/i.test(line));
    must(troubles.length === 0, `${troubles.length} lines, the first: ${troubles[0]?.slice(0, 500)}`);
    return {};
  },
};

export const goodClients: Stage = { title: "All the while", scenarios: [undisturbed, calm] };
