/** What the host script does not do: late, torn, crowded, or asked to cut the host off from itself. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostScript } from "../../shared/contract/host-script.ts";
import { encodeChanges, encodeFullList } from "../../shared/core/firewall/encode.ts";
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
  unban,
} from "./firewall-rig.ts";

const A = "192.0.2.1";
const B = "192.0.2.2";

describe.skipIf(!available(TOOLS, { root: true }))("the host script", () => {
  let rig: Rig;
  afterEach(() => rig.destroy());

  describe.each(BACKENDS)("on %s", (backend: Backend) => {
    beforeEach(() => {
      rig = createRig(backend, { clients: 0 });
    });

    it("does nothing after the deadline, and nothing with torn input", () => {
      const [input = ""] = encodeChanges([ban(A), ban(B)]).chunks;
      const late = runScript(rig, "apply", input, { SSM_Deadline: String(Math.floor(Date.now() / 1000) - 2) });
      expect(late.code).toBe(75);
      expect(parseReceipt(late.stdout)).toMatchObject({ kind: "failed", code: "late" });
      for (const torn of [
        "",
        input.slice(0, -8),
        input.replace("fleet2ban 1", "fleet2ban 2"),
        input.replace(/b .*\n/, ""),
        `${input}b ${A} 0 9\n`,
      ]) {
        const done = runScript(rig, "apply", torn);
        expect(done.code).toBe(65);
        expect(parseReceipt(done.stdout)).toMatchObject({ kind: "failed", code: "bad-input" });
      }
      expect(runScript(rig, "reconcile", input).code).toBe(65);
      expect(runScript(rig, "apply", encodeFullList([]).chunks[0]).code).toBe(65);
      expect(parseReceipt(runScript(rig, "", input).stdout)).toMatchObject({ kind: "failed", code: "bad-call" });
      expect(kernelEntries(rig, backend)).toEqual([]);
      const soon = { SSM_Deadline: String(Math.floor(Date.now() / 1000) + 600), SSM_Changes: input };
      expect(parseReceipt(runScript(rig, "apply", "", soon).stdout)).toMatchObject({ kind: "done", banned: 2 });
    });

    it("is safe when many run at once", async () => {
      const addresses = Array.from({ length: 8 }, (_, i) => `192.0.2.${i + 1}`);
      const reports = await Promise.all(addresses.map((address) => rig.fleet.apply([ban(address)])));
      for (const report of reports) expect(receiptOf(report)).toMatchObject({ banned: 1, missing: 0, broken: 0 });
      expect(kernelEntries(rig, backend)).toEqual(addresses.map((address) => `f2b-web ${address}`));
    });

    it("takes ten thousand bans at once", async () => {
      const many = Array.from({ length: 10_000 }, (_, i) =>
        ban(
          i % 4 === 3
            ? `2001:db8:${(i % 65_000).toString(16)}::1`
            : `198.${18 + (i >> 14)}.${(i >> 6) & 255}.${(i & 63) + 1}`,
        ),
      );
      const started = performance.now();
      expect(receiptOf(await rig.fleet.apply(many))).toMatchObject({
        banned: 10_000,
        added: 10_000,
        bans: 10_000,
        missing: 0,
      });
      const took = Math.round(performance.now() - started);
      expect(receiptOf(await rig.fleet.apply([unban(many[0]?.target ?? "")]))).toMatchObject({
        removed: 1,
        bans: 9_999,
      });
      console.log(`10 000 bans on ${backend}: ${took} ms`);
    });

    it("says so where its disk is full, and forgets nothing", async () => {
      await rig.fleet.apply([ban(A)]);
      const known = readFileSync(join(rig.stateDir, "bans"), "utf8");
      const many = Array.from({ length: 1000 }, (_, i) => ban(`198.51.${100 + (i >> 8)}.${i & 255}`));
      // A mount made by `ip netns exec` is its own, and ends with it.
      const onFullDisk =
        'mount -t tmpfs -o size=100k none "$FLEET2BAN_STATE" && printf %s "$KNOWN" >"$FLEET2BAN_STATE/bans" && sh -c "$SCRIPT"; cat "$FLEET2BAN_STATE/bans" >&2';
      const done = rig.net.host.run(["sh", "-c", onFullDisk], {
        input: encodeChanges(many).chunks[0] ?? "",
        env: { ...rig.env, SSM_Mode: "apply", KNOWN: known, SCRIPT: hostScript.text },
      });
      // Some awks notice by themselves, others leave it to the shell.
      const code = expect.stringMatching(/^(no-state|host-broken)$/);
      expect(parseReceipt(done.stdout)).toMatchObject({ kind: "failed", code });
      expect(done.stderr.endsWith(known)).toBe(true);
      expect(kernelEntries(rig, backend)).toEqual([`f2b-web ${A}`]);
    });

    it("refuses what no host should take, and names it", () => {
      const lines = [
        "999.1.1.1",
        "1.2.3",
        "01.2.3.4",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "0.0.0.0/0",
        "127.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:1.2.3.4",
        "fe80::1",
        "1::2::3",
        "2001:db8::/0",
        "12345::",
        "$(id)",
        "`id`",
      ];
      const input = [
        "fleet2ban 1",
        "j f2b-web 1 INPUT",
        "p tcp 80 drop",
        ...lines.map((text) => `b ${text} 0 1`),
        `end ${lines.length + 2}`,
        "",
      ].join("\n");
      const reply = parseReceipt(runScript(rig, "apply", input).stdout);
      expect(reply).toMatchObject({ kind: "done", refused: lines.length, bans: 0 });
      if (reply.kind === "done") expect(reply.refusals[0]).toBe("not an address in line 4 (b 999.1.1.1 0 1)");
    });

    it.each([
      { name: "no time", time: "t now 1", refused: 2 },
      { name: "a time without a generation", time: "t 4000000000", refused: 2 },
      { name: "a time beyond fifteen digits", time: "t 1000000000000000 1", refused: 2 },
      { name: "a sum beyond fifteen digits", time: "t 999999999999999 1", ban: "1 0", refused: 1 },
      { name: "a generation beyond fifteen digits", time: "t 0 999999999999999", ban: "0 1", refused: 1 },
      { name: "a ban with half its times", time: "t 4000000000 1", ban: "1", refused: 1 },
      { name: "a negative time", time: "t 4000000000 1", ban: "-1 0", refused: 1 },
    ])("bans nobody for $name", ({ time, ban: times = "", refused }) => {
      const lines = ["j f2b-web 1 INPUT", "p tcp 80 drop", time, `b 192.0.2.1 ${times}`];
      const input = ["fleet2ban 1", ...lines, "end 4", ""].join("\n");
      const reply = parseReceipt(runScript(rig, "apply", input).stdout);
      expect(reply).toMatchObject({ kind: "done", refused, bans: 0 });
    });
  });
});
