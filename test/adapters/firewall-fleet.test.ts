/** The fleets that this machine has: itself, on both backends, and a dry run. */
import { afterEach, describe, expect, it } from "vitest";
import { createDryRunFleet } from "../../shared/adapters/local/dry-run-fleet.ts";
import { createHostFleet, executeLocally } from "../../shared/adapters/local/host-fleet.ts";
import { fleetContract } from "../contracts/fleet.contract.ts";
import { available } from "../support/require.ts";
import { BACKENDS, ban, createRig, firewall, type Rig, TOOLS, unban } from "./firewall-rig.ts";

describe.skipIf(!available(TOOLS, { root: true }))("with root", () => {
  const rigs: Rig[] = [];
  afterEach(() => rigs.splice(0).forEach((rig) => void rig.destroy()));
  for (const backend of BACKENDS) {
    fleetContract(`this machine on ${backend}`, () => {
      const rig = createRig(backend, { clients: 0 });
      rigs.push(rig);
      return rig.fleet;
    });
  }
});

fleetContract("a dry run", () => createDryRunFleet({ print: () => undefined, now: Date.now }));

describe("a dry run", () => {
  it("prints what a host would do, once", async () => {
    const lines: string[] = [];
    const fleet = createDryRunFleet({ print: (line) => lines.push(line), now: () => 1_000_000 });
    const rule = firewall({ ports: "http,8000:8010", blocktype: "REJECT" });
    const change = ban("192.0.2.3", { jail: "haproxy-noserv", expiresAt: 73_000_000, firewall: rule });
    await fleet.apply([change]);
    await fleet.apply([change]);
    await fleet.apply([
      ban("2001:db8::1", { expiresAt: undefined, firewall: firewall({ ports: "all", protocol: "all" }) }),
    ]);
    await fleet.apply([unban("192.0.2.3", 1, "haproxy-noserv")]);
    expect(lines).toEqual([
      "would ban 192.0.2.3 in haproxy-noserv for 72000 s: tcp ports 80,8000-8010 reject at INPUT",
      "would ban 2001:db8::1 in web for ever: all all ports drop at INPUT",
      "would unban 192.0.2.3 in haproxy-noserv",
    ]);
  });
});

describe("a host that does not answer", () => {
  const execute = executeLocally();
  it.each([
    { name: "has no shell", deps: { execute, shell: ["/no/such/shell"] }, message: /ENOENT/ },
    { name: "prints nothing", deps: { execute, shell: ["true"] }, message: /printed nothing/ },
    { name: "prints something else", deps: { execute, shell: ["echo"] }, message: /no receipt/ },
  ])("$name: is a report", async ({ deps, message }) => {
    const [report] = await createHostFleet({ host: "here", ...deps }).apply([ban("192.0.2.3")]);
    expect(report).toMatchObject({
      kind: "replied",
      host: "here",
      reply: { kind: "unreadable", message: expect.stringMatching(message) },
    });
  });
});
