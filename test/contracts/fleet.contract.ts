/** What every Fleet does, whoever enforces: one suite, run against each adapter that answers at once. */
import { beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../shared/core/firewall/digest.ts";
import type { Fleet } from "../../shared/ports/fleet.ts";
import { ban, receiptOf, unban } from "../adapters/firewall-rig.ts";

const HOUR = 3_600_000;
const A = "192.0.2.1";
const B = "2001:db8::2";

/** `createFleet` gives a fleet whose hosts know nothing. */
export function fleetContract(name: string, createFleet: () => Fleet): void {
  describe(`${name} as a fleet`, () => {
    let fleet: Fleet;
    beforeEach(() => {
      fleet = createFleet();
    });

    it("applies changes and says what came of them", async () => {
      const list = [ban(A), ban(B), ban("10.0.0.0/8", { expiresAt: undefined })];
      const receipt = receiptOf(await fleet.apply([...list, ban("192.0.2.9", { expiresAt: Date.now() - HOUR })]));
      expect(receipt).toMatchObject({
        mode: "apply",
        changes: 4,
        banned: 3,
        expired: 1,
        added: 3,
        bans: 3,
        missing: 0,
      });
      expect(receipt.digest).toBe(digestOf(list, receipt.at));
    });

    it("does not mind the same change again, or an unban of what is not there", async () => {
      await fleet.apply([ban(A)]);
      expect(receiptOf(await fleet.apply([ban(A), unban(B)]))).toMatchObject({
        stale: 1,
        unbanned: 1,
        added: 0,
        removed: 0,
        bans: 1,
      });
      expect(receiptOf(await fleet.apply([]))).toMatchObject({ changes: 0, bans: 1 });
    });

    it.each([
      { name: "the newest generation counts", changes: [ban(A, { generation: 2 }), unban(A, 1)], bans: 1 },
      { name: "of one generation the unban counts", changes: [unban(A, 2), ban(A, { generation: 2 })], bans: 0 },
      {
        name: "a newer ban that is over ends an older one",
        changes: [ban(A, { generation: 2, expiresAt: 1 }), ban(A)],
        bans: 0,
      },
      { name: "jails do not mix", changes: [ban(A), ban(A, { jail: "ssh" }), unban(A, 9, "ssh")], bans: 1 },
    ])("$name", async ({ changes, bans }) => {
      for (const change of changes) await fleet.apply([change]);
      expect(receiptOf(await fleet.status()).bans).toBe(bans);
      await fleet.clear();
      for (const change of changes.toReversed()) await fleet.apply([change]);
      expect(receiptOf(await fleet.status()).bans).toBe(bans);
    });

    it("renews", async () => {
      await fleet.apply([ban(A)]);
      const renewed = ban(A, { generation: 2, expiresAt: Date.now() + 2 * HOUR });
      const receipt = receiptOf(await fleet.apply([renewed]));
      expect(receipt).toMatchObject({ banned: 1, added: 0, retimed: 1, bans: 1 });
      expect(receipt.digest).toBe(digestOf([renewed], receipt.at));
    });

    it("becomes equal to the full list", async () => {
      await fleet.apply([ban(A), ban("192.0.2.3", { jail: "ssh" })]);
      const list = [ban(A), ban(B)];
      const receipt = receiptOf(await fleet.reconcile(list));
      expect(receipt).toMatchObject({ mode: "reconcile", added: 1, removed: 1, bans: 2, missing: 0, foreign: 0 });
      expect(receipt.digest).toBe(digestOf(list, receipt.at));
    });

    it("keeps what was learnt after the list was read", async () => {
      await fleet.apply([ban(A)]);
      expect(receiptOf(await fleet.reconcile([], { asOf: Date.now() - HOUR })).bans).toBe(1);
      expect(receiptOf(await fleet.reconcile([], { asOf: Date.now() + HOUR })).bans).toBe(0);
    });

    it("looks without touching, and clears", async () => {
      await fleet.apply([ban(A)]);
      expect(receiptOf(await fleet.status())).toMatchObject({ mode: "status", bans: 1, added: 0, removed: 0 });
      expect(receiptOf(await fleet.clear())).toMatchObject({ mode: "clear", bans: 0, removed: 1 });
      expect(receiptOf(await fleet.status()).bans).toBe(0);
    });

    it("sends nothing that would cut a host off from itself", async () => {
      const reports = await fleet.apply([ban("127.0.0.1"), ban("::/1"), ban(A)]);
      expect(reports.filter(({ kind }) => kind === "refused")).toMatchObject([
        { refusal: "never-a-client" },
        { refusal: "too-wide" },
      ]);
      expect(receiptOf(reports)).toMatchObject({ changes: 1, bans: 1 });
    });
  });
}
