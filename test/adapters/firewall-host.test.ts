/** What a run of the host script leaves in the kernel: idempotent, healing, and gone without a trace. */
import { readdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostScript } from "../../shared/contract/host-script.ts";
import { digestOf } from "../../shared/core/firewall/digest.ts";
import { available } from "../support/require.ts";
import {
  BACKENDS,
  type Backend,
  ban,
  createRig,
  firewall,
  HOST_RULES,
  kernelEntries,
  type Rig,
  receiptOf,
  TOOLS,
  unban,
} from "./firewall-rig.ts";

const A = "192.0.2.1";
const B = "192.0.2.2";
const V6 = "2001:db8::1";

describe.skipIf(!available(TOOLS, { root: true }))("the host script", () => {
  let rig: Rig;
  afterEach(() => rig.destroy());

  const rules = (command = "iptables") => rig.net.host.must([command, "-S"]).trim().split("\n");

  describe.each(BACKENDS)("on %s", (backend: Backend) => {
    beforeEach(() => {
      rig = createRig(backend, { clients: 0 });
    });

    it("says what is in the kernel, in a digest that the ban rows give too", async () => {
      const bans = [
        ban(A),
        ban(V6),
        ban("10.0.0.0/8", { expiresAt: undefined }),
        ban(B, { expiresAt: Date.now() - 5000 }),
      ];
      const receipt = receiptOf(await rig.fleet.apply(bans));
      expect(receipt).toMatchObject({ changes: 4, banned: 3, expired: 1, added: 3, bans: 3, missing: 0, ipv6: true });
      expect(receipt.digest).toBe(digestOf(bans, receipt.at));
      expect(receipt.script).toBe(hostScript.version);
      expect(kernelEntries(rig, backend)).toEqual(["f2b-web 10.0.0.0/8", `f2b-web ${A}`, `f2b-web ${V6}`]);
      expect(receiptOf(await rig.fleet.status())).toMatchObject({
        mode: "status",
        bans: 3,
        missing: 0,
        digest: receipt.digest,
      });
    });

    it("changes nothing when the same comes again", async () => {
      const bans = [ban(A), ban(V6)];
      await rig.fleet.apply(bans);
      const before = [rules(), rules("ip6tables"), rig.net.host.run(["nft", "list", "tables"]).stdout];
      const receipt = receiptOf(await rig.fleet.apply([...bans, ...bans]));
      expect(receipt).toMatchObject({ changes: 4, banned: 0, stale: 4, added: 0, retimed: 0, removed: 0, repaired: 0 });
      expect([rules(), rules("ip6tables"), rig.net.host.run(["nft", "list", "tables"]).stdout]).toEqual(before);
    });

    it("gives a renewed ban its new end, and an older command none", async () => {
      await rig.fleet.apply([ban(A, { generation: 2 })]);
      const renewed = [ban(A, { generation: 3, expiresAt: Date.now() + 7_200_000 })];
      expect(receiptOf(await rig.fleet.apply(renewed))).toMatchObject({ banned: 1, added: 0, retimed: 1 });
      expect(receiptOf(await rig.fleet.apply([ban(A, { generation: 2 }), unban(A, 2)]))).toMatchObject({
        stale: 2,
        retimed: 0,
        bans: 1,
      });
      expect(receiptOf(await rig.fleet.apply([ban(A, { generation: 4, expiresAt: undefined })]))).toMatchObject({
        retimed: 1,
      });
      expect(receiptOf(await rig.fleet.apply([ban(A, { generation: 5 })]))).toMatchObject({ retimed: 1, missing: 0 });
      expect(receiptOf(await rig.fleet.apply([]))).toMatchObject({ retimed: 0, added: 0 });
    });

    it("puts no timeout on what is longer than the kernel counts", async () => {
      await rig.fleet.apply([
        ban(A, { expiresAt: Date.now() + 2_147_483_000 + 3_600_000 }),
        ban(B, { expiresAt: Date.now() + 2_147_000_000 }),
      ]);
      const listing = rig.net.host.must(backend === "ipset" ? ["ipset", "save"] : ["nft", "list", "ruleset"]);
      expect(listing).toMatch(backend === "ipset" ? `${A} timeout 0\n` : new RegExp(`${A}[,} ]+(?!timeout)`));
      expect(listing).toMatch(new RegExp(`${B} timeout (21|24d)`));
      expect(receiptOf(await rig.fleet.status())).toMatchObject({ bans: 2, missing: 0 });
    });

    it("rebuilds everything after a reboot", async () => {
      await rig.fleet.apply([ban(A), ban(V6), ban("2001:db8:1::/48")]);
      for (const command of [
        ["nft", "flush", "ruleset"],
        ["iptables", "-F"],
        ["ip6tables", "-F"],
        ["ipset", "destroy"],
      ])
        rig.net.host.run(command);
      expect(receiptOf(await rig.fleet.status())).toMatchObject({ bans: 3, missing: 3 });
      const receipt = receiptOf(await rig.fleet.apply([]));
      expect(receipt).toMatchObject({ added: 3, bans: 3, missing: 0, broken: 0 });
      expect(receipt.repaired).toBeGreaterThan(0);
    });

    it("takes everything of ours away, and nothing else", async () => {
      rig.net.host.must(["iptables-restore"], { input: HOST_RULES });
      rig.net.host.must(["ipset", "create", "own", "hash:ip"]);
      const snapshot = () => [
        rules(),
        rules("ip6tables"),
        rig.net.host.must(["ipset", "save"]),
        rig.net.host.must(["nft", "list", "tables"]),
      ];
      rig.net.host.must(["ip6tables-restore"], { input: "*filter\n:own - [0:0]\nCOMMIT\n" });
      const before = snapshot();
      await rig.fleet.apply([
        ban(A),
        ban(V6),
        ban(B, { jail: "other", firewall: firewall({ chain: "INPUT,FORWARD" }) }),
      ]);
      expect(snapshot()).not.toEqual(before);
      expect(receiptOf(await rig.fleet.clear())).toMatchObject({ removed: 3, bans: 0, foreign: 0 });
      expect(snapshot()).toEqual(before);
      expect(readdirSync(rig.stateDir)).toEqual(["lock"]);
      expect(receiptOf(await rig.fleet.clear())).toMatchObject({ removed: 0 });
    });

    it("follows the newest edition of a jail's rules", async () => {
      await rig.fleet.apply([ban(A, { firewall: firewall({ ports: "80" }, 5) })]);
      const listing = () =>
        rig.net.host.must(backend === "ipset" ? ["iptables", "-S", "f2b-web"] : ["nft", "list", "ruleset"]);
      await rig.fleet.apply([ban(B, { firewall: firewall({ ports: "8081" }, 6) })]);
      expect(listing()).toContain("8081");
      await rig.fleet.apply([ban("192.0.2.3", { firewall: firewall({ ports: "80" }, 5) })]);
      expect(listing()).toContain("8081");
      expect(listing()).not.toMatch(/dports? 80 /);
    });
  });
});
