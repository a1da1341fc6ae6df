/** The suite of the port Fleet, on the adapter for SSM: what its hosts answer later stands where others answer at once. */
import { afterEach, describe } from "vitest";
import type { Fleet, FleetReport } from "../../../../shared/ports/fleet.ts";
import { fleetContract } from "../../../contracts/fleet.contract.ts";
import { available } from "../../../support/require.ts";
import { TOOLS } from "../../firewall-rig.ts";
import { createFleetRig, type FleetRig } from "./fleet-rig.ts";

describe.skipIf(!available(TOOLS, { root: true }))("behind SSM", { timeout: 60_000 }, () => {
  let rig: FleetRig | undefined;
  afterEach(() => rig?.destroy());

  fleetContract("a host behind SSM", () => {
    rig = createFleetRig(["ipset"]);
    return answering(rig);
  });
});

function answering({ fleet, standIn, deps }: FleetRig): Fleet {
  const answers = async (sending: Promise<readonly FleetReport[]>): Promise<readonly FleetReport[]> => {
    const reports = await sending;
    await standIn.idle();
    const all = await Promise.all(
      reports.map(async (report): Promise<readonly FleetReport[]> => {
        if (report.kind !== "sent") return [report];
        const answered = await deps.receipts.collect(report.command);
        return answered.flatMap((answer) => (answer.kind === "replied" ? [answer] : []));
      }),
    );
    return all.flat();
  };
  return {
    apply: (changes) => answers(fleet.apply(changes)),
    reconcile: (bans, scope) => answers(fleet.reconcile(bans, scope)),
    status: (hosts) => answers(fleet.status(hosts)),
    clear: (hosts) => answers(fleet.clear(hosts)),
  };
}
