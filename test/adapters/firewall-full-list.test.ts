/** The full list makes a host equal to it, in pieces and late, without undoing what is newer. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../shared/core/firewall/digest.ts";
import { encodeFullList } from "../../shared/core/firewall/encode.ts";
import { parseReceipt } from "../../shared/core/firewall/receipt.ts";
import { available } from "../support/require.ts";
import {
  BACKENDS,
  type Backend,
  ban,
  createRig,
  kernelEntries,
  type Rig,
  receiptOf,
  runScript,
  TOOLS,
} from "./firewall-rig.ts";

const A = "192.0.2.1";
const B = "192.0.2.2";
const V6 = "2001:db8::1";

describe.skipIf(!available(TOOLS, { root: true }))("a full list", () => {
  let rig: Rig;
  afterEach(() => rig.destroy());

  describe.each(BACKENDS)("on %s", (backend: Backend) => {
    beforeEach(() => {
      rig = createRig(backend, { clients: 0 });
    });

    it("becomes what the full list says, state or not", async () => {
      const foreign =
        backend === "ipset"
          ? ["ipset", "add", "f2b-web", "203.0.113.9"]
          : ["nft", "add", "element", "inet", "fleet2ban", "f2b-web/4", "{ 203.0.113.9 }"];
      const shorter =
        backend === "ipset"
          ? ["ipset", "-exist", "add", "f2b-web", A, "timeout", "30"]
          : [
              "nft",
              "delete element inet fleet2ban f2b-web/4 { 192.0.2.1 }; add element inet fleet2ban f2b-web/4 { 192.0.2.1 timeout 30s }",
            ];
      await rig.fleet.apply([ban(A), ban(B), ban("192.0.2.3", { jail: "old" }), ban("192.0.2.0/26")]);
      rig.net.host.must(foreign);
      rig.net.host.must(shorter);
      expect(receiptOf(await rig.fleet.status())).toMatchObject({ foreign: 1 });
      const list = [ban(A), ban(V6)];
      const receipt = receiptOf(await rig.fleet.reconcile(list));
      expect(receipt).toMatchObject({ added: 1, retimed: 1, removed: 4, bans: 2, foreign: 0, missing: 0, broken: 0 });
      expect(receipt.digest).toBe(digestOf(list, receipt.at));
      expect(kernelEntries(rig, backend)).toEqual([`f2b-web ${A}`, `f2b-web ${V6}`]);
      const listing = rig.net.host.must(backend === "ipset" ? ["ipset", "list", "-n"] : ["nft", "list", "ruleset"]);
      expect(listing).toContain("f2b-web");
      expect(listing).not.toContain("f2b-old");

      writeFileSync(join(rig.stateDir, "bans"), "");
      expect(receiptOf(await rig.fleet.reconcile([ban(B)]))).toMatchObject({
        added: 1,
        removed: 2,
        bans: 1,
        foreign: 0,
      });
      expect(receiptOf(await rig.fleet.reconcile([]))).toMatchObject({ removed: 1, bans: 0 });
      expect(
        rig.net.host.must(backend === "ipset" ? ["ipset", "list", "-n"] : ["nft", "list", "ruleset"]),
      ).not.toContain("f2b-web");
    });

    it("keeps what it learnt after a full list was read", async () => {
      await rig.fleet.apply([ban(A), ban(B)]);
      const asOf = Date.now() + 2000;
      expect(receiptOf(await rig.fleet.reconcile([ban(A)], { asOf: Date.now() - 60_000 }))).toMatchObject({
        removed: 0,
        bans: 2,
      });
      expect(receiptOf(await rig.fleet.reconcile([ban(A)], { asOf }))).toMatchObject({ removed: 1, bans: 1 });
      const older = receiptOf(await rig.fleet.reconcile([], { asOf: asOf - 5000 }));
      expect(older).toMatchObject({
        removed: 0,
        bans: 1,
        notes: [expect.stringContaining("older than the last full list")],
      });
    });

    it("takes a full list that comes in pieces, in any order", async () => {
      await rig.fleet.apply([
        ban("192.0.2.77"),
        ban("192.0.2.78", { jail: "zzz" }),
        ban("192.0.2.79", { jail: "aaa" }),
      ]);
      const list = Array.from({ length: 60 }, (_, i) =>
        ban(`198.51.100.${i + 1}`, { jail: ["a", "web", "z"][i % 3] ?? "" }),
      );
      const { chunks } = encodeFullList(list, 450);
      expect(chunks.length).toBeGreaterThan(5);
      for (const order of [chunks, chunks.toReversed()]) {
        for (const chunk of order) {
          expect(parseReceipt(runScript(rig, "reconcile", chunk).stdout)).toMatchObject({ missing: 0, refused: 0 });
        }
        const status = receiptOf(await rig.fleet.status());
        expect(status).toMatchObject({ bans: 60, foreign: 0, missing: 0, digest: digestOf(list, status.at) });
      }
      expect(kernelEntries(rig, backend)).toHaveLength(60);
    });
  });
});
