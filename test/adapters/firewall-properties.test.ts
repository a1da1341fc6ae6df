/** What must hold for any input: any order of commands gives the same set, and nothing that is sent reaches a shell. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseNetwork, type Target } from "../../shared/core/address.ts";
import type { HostBan, HostChange } from "../../shared/core/firewall/change.ts";
import { digestOf } from "../../shared/core/firewall/digest.ts";
import { encodeChanges, encodeFullList } from "../../shared/core/firewall/encode.ts";
import { refusalOf } from "../../shared/core/firewall/enforceable.ts";
import { type Ledger, learn, standing, takeFullList } from "../../shared/core/firewall/ledger.ts";
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
  target,
  unban,
} from "./firewall-rig.ts";

const HOUR = 3_600_000;
const JAILS = ["web", "ssh"];
const TARGETS = ["192.0.2.1", "192.0.2.2", "192.0.2.0/24", "2001:db8::1", "2001:db8::/48"];

/** A change made to collide with others: few keys, few generations; ends in the past, in an hour, or never. */
const change: fc.Arbitrary<HostChange> = fc
  .record({
    kind: fc.constantFrom("ban", "ban", "unban"),
    jail: fc.constantFrom(...JAILS),
    address: fc.constantFrom(...TARGETS),
    generation: fc.integer({ min: 0, max: 5 }),
    ends: fc.constantFrom(-HOUR, HOUR, 2 * HOUR, undefined),
  })
  .map(({ kind, jail, address, generation, ends }) =>
    kind === "unban"
      ? unban(address, generation, jail)
      : ban(address, { jail, generation, expiresAt: ends === undefined ? undefined : START + ends }),
  );
const START = Date.now();

const entries = (ledger: Ledger) =>
  standing(ledger, Date.now())
    .map(({ jail, target }) => `f2b-${jail} ${target}`)
    .sort();
const isBan = (item: HostChange): item is HostBan => item.kind === "ban";

describe.skipIf(!available(TOOLS, { root: true }))("for any input", () => {
  let rig: Rig;
  afterEach(() => rig.destroy());

  describe.each(BACKENDS)("%s", (backend: Backend) => {
    beforeEach(() => {
      rig = createRig(backend, { clients: 0 });
    });

    it("any order, repetition and grouping of changes ends in the same set", async () => {
      const commands = fc.array(change, { minLength: 1, maxLength: 40 }).chain((changes) =>
        fc.record({
          changes: fc.constant(changes),
          order: fc.shuffledSubarray([...changes, ...changes], { minLength: changes.length * 2 }),
          cuts: fc.array(fc.nat(changes.length * 2), { maxLength: 2 }),
        }),
      );
      await fc.assert(
        fc.asyncProperty(commands, async ({ changes, order, cuts }) => {
          await rig.fleet.clear();
          const edges = [0, ...cuts.sort((a, b) => a - b), order.length];
          for (const [i, edge] of edges.slice(1).entries()) await rig.fleet.apply(order.slice(edges[i], edge));
          expect(kernelEntries(rig, backend)).toEqual(entries(learn(new Map(), changes, Date.now())));
          expect(receiptOf(await rig.fleet.status())).toMatchObject({ missing: 0, foreign: 0, broken: 0 });
        }),
        { numRuns: 8 },
      );
    });

    it("a full list in any pieces and order ends in that list", async () => {
      const lists = fc.record({
        known: fc.array(change, { maxLength: 20 }),
        list: fc.uniqueArray(change.filter(isBan), {
          maxLength: 10,
          selector: ({ jail, target }) => `${jail} ${target}`,
        }),
        limit: fc.integer({ min: 320, max: 900 }),
        seed: fc.nat(),
      });
      await fc.assert(
        fc.asyncProperty(lists, async ({ known, list, limit, seed }) => {
          await rig.fleet.clear();
          await rig.fleet.apply(known);
          const { chunks } = encodeFullList(list, limit);
          const order = [...chunks, ...chunks].sort((a, b) => ((a.length * seed) % 7) - ((b.length * seed) % 7));
          for (const chunk of order) expect(runScript(rig, "reconcile", chunk).code).toBe(0);
          expect(kernelEntries(rig, backend)).toEqual(entries(takeFullList(new Map(), list, Date.now())));
        }),
        { numRuns: 5 },
      );
    });
  });

  describe("the script", () => {
    let marks: string;
    beforeEach(() => {
      rig = createRig("ipset", { clients: 0 });
      marks = mkdtempSync(join(tmpdir(), "fleet2ban-marks-"));
    });
    afterEach(() => rmSync(marks, { recursive: true }));

    const COMMANDS = [
      "$(touch MARK)",
      "`touch MARK`",
      "; touch MARK;",
      "&& touch MARK",
      "| touch MARK",
      "\n touch MARK\n",
    ];
    const QUOTED = ["'; touch MARK; '", '"; touch MARK; "', 'system("touch MARK")', '" | "touch MARK"', "MARK"];
    const ODD = [
      "$IFS",
      "*",
      "../../x",
      "-F",
      "--help",
      "{ }",
      "%s%n",
      "\\",
      "\\n",
      "\u0000",
      "\r",
      "\u00a0",
      "ü",
      "e",
      "=",
      "a=b",
    ];
    const BAITS = [...COMMANDS, ...QUOTED, ...ODD];
    const WIRE = ["j f2b-web 1 INPUT", "p tcp 80 drop", "t 0 1", "b 192.0.2.1 0 0", "u 192.0.2.2 0"].map((line) =>
      line.split(" "),
    );

    it.each(["variable", "input"])("runs nothing of the usual baits, in any field, by %s", (by) => {
      const mark = join(marks, "hit");
      // Five good lines, of which one word is a bait, for every word and every bait.
      const lines = BAITS.flatMap((bait) =>
        WIRE.flatMap((victim) =>
          victim.flatMap((_, i) =>
            WIRE.map((words) => (words === victim ? words.with(i, bait.replace("MARK", mark)) : words).join(" ")),
          ),
        ),
      );
      const count = lines
        .join("\n")
        .split("\n")
        .filter((line) => line.trim() !== "").length;
      const wire = `fleet2ban 1\n${lines.join("\n")}\nend ${count}\n`;
      const env: Record<string, string> = by === "variable" ? { SSM_Changes: wire.replaceAll("\u0000", "?") } : {};
      const reply = parseReceipt(runScript(rig, "apply", by === "input" ? wire : "", env).stdout);
      expect(readdirSync(marks)).toEqual([]);
      expect(reply).toMatchObject({ kind: "done", missing: 0 });
      expect(kernelEntries(rig, "ipset").every((entry) => entry.endsWith(" 192.0.2.1"))).toBe(true);
    });

    it("runs nothing of random bytes, in any field", () => {
      const bytes = fc.oneof(
        fc.string({ unit: "binary", maxLength: 30 }),
        fc.constantFrom(...BAITS),
        fc.string({ unit: fc.constantFrom(..."0123456789abcdef.:/,-_ f2b"), maxLength: 50 }),
      );
      const HEADS = { apply: ["fleet2ban 1"], reconcile: ["fleet2ban 1", "r - - 5"] };
      const hostile = fc.record({
        line: fc.nat(7),
        word: fc.nat(3),
        text: bytes,
        mode: fc.constantFrom("apply" as const, "reconcile" as const),
      });
      fc.assert(
        fc.property(hostile, ({ line, word, text, mode }) => {
          const lines = [
            ...HEADS[mode].map((head) => head.split(" ")),
            ...WIRE,
            ["end", String(WIRE.length + HEADS[mode].length - 1)],
          ];
          const victim = lines[line % lines.length] ?? [];
          const spoilt = victim.with(word % victim.length, text.replaceAll("MARK", join(marks, "hit")));
          const wire = `${lines.map((words) => (words === victim ? spoilt : words).join(" ")).join("\n")}\n`;
          const done = runScript(rig, mode, wire);
          expect(readdirSync(marks)).toEqual([]);
          expect([0, 65]).toContain(done.code);
          expect(["done", "failed"]).toContain(parseReceipt(done.stdout).kind);
          for (const entry of kernelEntries(rig, "ipset"))
            expect(parseNetwork(entry.split(" ")[1] ?? "")).toBeDefined();
          const names = rig.net.host.must(["ipset", "list", "-n"]).trim().split("\n");
          for (const name of names) expect(name === "" || /^f2b-[A-Za-z0-9_.-]+(\/6)?$/.test(name)).toBe(true);
        }),
        { numRuns: 25 },
      );
    });

    it("takes no bait in its other variables", () => {
      const mark = join(marks, "hit");
      const baits = [`$(touch ${mark})`, `\`touch ${mark}\``, `1; touch ${mark}`, "apply apply", "9".repeat(30), "-1"];
      for (const bait of baits) {
        expect(runScript(rig, bait).code).toBe(64);
        expect(runScript(rig, "apply", "fleet2ban 1\nend 0\n", { SSM_Deadline: bait }).code).toBe(64);
        expect(runScript(rig, "apply", "fleet2ban 1\nend 0\n", { FLEET2BAN_BACKEND: bait }).code).toBe(64);
      }
      expect(readdirSync(marks)).toEqual([]);
    });

    it("reads addresses as the core does", () => {
      const group = fc.oneof(
        fc.constant("0"),
        fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16)),
      );
      const v4 = fc
        .tuple(
          fc.constantFrom(0, 1, 10, 127, 169, 192, 223, 224, 255),
          fc.constantFrom(0, 254, 2),
          fc.nat(255),
          fc.nat(255),
        )
        .map((octets) => octets.join("."));
      const head = fc.constantFrom("0", "1", "64", "2001", "fe7f", "fe80", "febf", "fec0", "feff", "ff00", "2a0c");
      const v6 = fc.tuple(head, ...Array.from({ length: 7 }, () => group)).map((groups) => groups.join(":"));
      const network = (base: fc.Arbitrary<string>, width: number) =>
        fc
          .tuple(base, fc.option(fc.nat(width)))
          .map(([text, length]) => (length === null ? text : `${text}/${length}`));
      const some = fc.array(fc.oneof(network(v4, 32), network(v6, 128)), { minLength: 150, maxLength: 200 });
      fc.assert(
        fc.property(some, (texts) => {
          const targets = [...new Set(texts.map((text) => parseNetwork(text)))].filter(
            (parsed): parsed is Target => parsed !== undefined,
          );
          const wire = [
            "fleet2ban 1",
            "j f2b-web 1 INPUT",
            "p tcp 80 drop",
            ...targets.map((text) => `b ${text} 0 1`),
            `end ${targets.length + 2}`,
            "",
          ].join("\n");
          const taken = targets.filter((text) => refusalOf(text) === undefined);
          const receipt = parseReceipt(runScript(rig, "apply", wire).stdout);
          const bans = taken.map((text) => ({ jail: "web", target: text, expiresAt: undefined }));
          expect(receipt).toMatchObject({
            digest: digestOf(bans, 0),
            refused: targets.length - taken.length,
            missing: 0,
          });
          expect(kernelEntries(rig, "ipset")).toEqual(taken.map((text) => `f2b-web ${text}`).sort());
          expect(receiptOfClear(rig)).toMatchObject({ removed: taken.length });
        }),
        { numRuns: 6 },
      );
    });

    it("agrees with the encoder on what is text for it", () => {
      const { chunks, refused } = encodeChanges(
        [
          ban("127.0.0.1"),
          unban("::1"),
          ban("192.0.2.1", { jail: "ünï $(id) `x`\n; rm" }),
          ban(target("2001:db8::/32")),
        ],
        300,
      );
      expect(refused).toHaveLength(2);
      for (const chunk of chunks)
        expect(parseReceipt(runScript(rig, "apply", chunk).stdout)).toMatchObject({ refused: 0, missing: 0 });
      expect(kernelEntries(rig, "ipset")).toHaveLength(2);
    });
  });
});

function receiptOfClear(rig: Rig) {
  return parseReceipt(runScript(rig, "clear").stdout);
}
