/** What the host script does to a host: idempotent, healing, never touching what is not ours. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostScript } from "../../shared/contract/host-script.ts";
import { digestOf } from "../../shared/core/firewall/digest.ts";
import { encodeChanges, encodeFullList } from "../../shared/core/firewall/encode.ts";
import { parseReceipt } from "../../shared/core/firewall/receipt.ts";
import { available } from "../support/require.ts";
import {
  BACKENDS,
  type Backend,
  ban,
  createRig,
  FIREWALL_TOOLS,
  firewall,
  kernelEntries,
  PLAIN_TOOLS,
  type Rig,
  receiptOf,
  runScript,
  TOOLS,
  toolbox,
  unban,
} from "./firewall-rig.ts";

const A = "192.0.2.1";
const B = "192.0.2.2";
const V6 = "2001:db8::1";

const HOST_RULES = `*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:own - [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "keep \\"f2b-web\\" away" -j ACCEPT
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT
-A INPUT -j own
-A INPUT -j DROP
-A own -s 198.51.100.0/24 -j RETURN
COMMIT
`;

describe.skipIf(!available(TOOLS, { root: true }))("the host script", () => {
  let rig: Rig;
  afterEach(() => rig.destroy());

  const rules = (command = "iptables") => rig.net.host.must([command, "-S"]).trim().split("\n");
  const withoutOurs = (lines: readonly string[]) => lines.filter((line) => !/^-[AN] f2b-| -j f2b-/.test(line));
  const first = (hook = "INPUT", command = "iptables") => rules(command).find((line) => line.startsWith(`-A ${hook} `));

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
      const list = Array.from({ length: 40 }, (_, i) =>
        ban(`198.51.100.${i + 1}`, { jail: ["a", "web", "z"][i % 3] ?? "" }),
      );
      const { chunks } = encodeFullList(list, 450);
      expect(chunks.length).toBeGreaterThan(5);
      for (const chunk of chunks.toReversed()) expect(runScript(rig, "reconcile", chunk).code).toBe(0);
      const status = receiptOf(await rig.fleet.status());
      expect(status).toMatchObject({ bans: 40, foreign: 0, missing: 0, digest: digestOf(list, status.at) });
      expect(kernelEntries(rig, backend)).toHaveLength(40);
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
  });

  describe("on a host with rules of its own", () => {
    beforeEach(() => {
      rig = createRig("ipset", { clients: 0 });
      for (const command of ["iptables-restore", "ip6tables-restore"]) {
        rig.net.host.must([command], {
          input: HOST_RULES.replace(command.startsWith("ip6") ? "-s 198.51.100.0/24" : "never", "-s 2001:db8::/32"),
        });
      }
    });

    it.each([
      { name: "a later -I pushes the jump down", damage: [["iptables", "-I", "INPUT", "-p", "udp", "-j", "ACCEPT"]] },
      { name: "the jump is deleted", damage: [["iptables", "-D", "INPUT", "-j", "f2b-web"]] },
      { name: "the jump is there twice", damage: [["iptables", "-A", "INPUT", "-j", "f2b-web"]] },
      { name: "our chain is emptied", damage: [["iptables", "-F", "f2b-web"]] },
      { name: "our chain is changed", damage: [["iptables", "-R", "f2b-web", "1", "-j", "RETURN"]] },
      { name: "one of two jumps is deleted", damage: [["iptables", "-D", "INPUT", "-j", "f2b-two"]] },
      { name: "IPv6 alone is damaged", damage: [["ip6tables", "-D", "INPUT", "-j", "f2b-web"]] },
      { name: "the set is emptied", damage: [["ipset", "flush", "f2b-web"]] },
      {
        name: "all of it is thrown away",
        damage: [
          ["iptables", "-F"],
          ["iptables", "-X"],
          ["ipset", "flush"],
        ],
      },
    ])("puts our part back when $name, and leaves theirs", async ({ damage }) => {
      await rig.fleet.apply([ban(A), ban(V6), ban(B, { jail: "two" })]);
      for (const command of damage) rig.net.host.must(command);
      const theirs = [withoutOurs(rules()), withoutOurs(rules("ip6tables"))];
      const receipt = receiptOf(await rig.fleet.apply([]));
      expect(receipt.repaired + receipt.added).toBeGreaterThan(0);
      expect(receipt).toMatchObject({ missing: 0, broken: 0, bans: 3 });
      expect([withoutOurs(rules()), withoutOurs(rules("ip6tables"))]).toEqual(theirs);
      for (const command of ["iptables", "ip6tables"]) {
        const input = rules(command).filter((line) => line.startsWith("-A INPUT "));
        expect(input.slice(0, 2).sort()).toEqual(["-A INPUT -j f2b-two", "-A INPUT -j f2b-web"]);
        expect(input.filter((line) => line.includes("-j f2b-"))).toHaveLength(2);
      }
      expect(receiptOf(await rig.fleet.apply([]))).toMatchObject({ repaired: 0, added: 0, broken: 0 });
    });

    it("comes back after iptables-restore of the host's saved rules, which stay byte for byte", async () => {
      const saved = () => rig.net.host.must(["iptables-save", "-t", "filter"]).replace(/^#.*\n/gm, "");
      const own = saved();
      await rig.fleet.apply([ban(A)]);
      rig.net.host.must(["iptables-restore"], { input: own });
      expect(saved()).toBe(own);
      expect(receiptOf(await rig.fleet.apply([]))).toMatchObject({ repaired: 2, broken: 0, missing: 0 });
      const ours = saved();
      expect(
        ours
          .split("\n")
          .filter((line) => !line.includes("f2b-") || line.includes("comment"))
          .join("\n"),
      ).toBe(own);
      expect(first()).toBe("-A INPUT -j f2b-web");
    });

    it("puts its jump into a chain of the host, and says so where that chain is missing", async () => {
      const inDocker = ban(A, { firewall: firewall({ chain: "DOCKER-USER" }) });
      const receipt = receiptOf(await rig.fleet.apply([inDocker, ban(B, { jail: "plain" })]));
      expect(receipt.notes).toContain("this host has no chain DOCKER-USER of IPv4");
      expect(first()).toBe("-A INPUT -j f2b-plain");
      rig.net.host.must(["iptables", "-N", "DOCKER-USER"]);
      rig.net.host.must(["iptables", "-A", "DOCKER-USER", "-j", "RETURN"]);
      await rig.fleet.apply([]);
      expect(first("DOCKER-USER")).toBe("-A DOCKER-USER -j f2b-web");
    });

    it("leaves Fail2Ban's chain and set of the same name alone, and says so", async () => {
      for (const rule of [
        "-N f2b-web",
        "-A f2b-web -s 203.0.113.1/32 -j REJECT",
        "-A f2b-web -j RETURN",
        "-I INPUT -p tcp -j f2b-web",
      ]) {
        rig.net.host.must(["iptables", ...rule.split(" ")]);
      }
      rig.net.host.must(["ipset", "create", "f2b-set", "hash:ip", "timeout", "0"]);
      const before = rules();
      const receipt = receiptOf(await rig.fleet.apply([ban(A), ban(A, { jail: "set" }), ban(A, { jail: "ours" })]));
      expect(receipt).toMatchObject({ bans: 3, missing: 2 });
      expect(receipt.notes.filter((note) => note.includes("another program"))).toHaveLength(2);
      expect(rules().filter((line) => !line.includes("f2b-ours"))).toEqual(before);
      expect(kernelEntries(rig, "ipset")).toEqual([`f2b-ours ${A}`]);
      await rig.fleet.clear();
      expect(rules()).toEqual(before);
    });
  });

  describe("finds what the host has", () => {
    const box = (name: string, commands: readonly string[], from: Readonly<Record<string, string>> = {}) => ({
      FLEET2BAN_PATH: toolbox(join(rig.stateDir, name), commands, from),
    });
    const [input = ""] = encodeChanges([ban(A), ban(V6)]).chunks;
    beforeEach(() => {
      rig = createRig("auto", { clients: 0 });
    });

    it("neither iptables nor nft: a clear error, and nothing done", () => {
      const state = join(rig.stateDir, "state");
      const done = runScript(rig, "apply", input, { ...box("bare", PLAIN_TOOLS), FLEET2BAN_STATE: state });
      expect(done.code).toBe(69);
      expect(parseReceipt(done.stdout)).toMatchObject({ kind: "failed", code: "no-firewall" });
      expect(done.stderr).toContain("install nftables, or ipset and iptables");
      expect(existsSync(state)).toBe(false);
    });

    it.each([
      { name: "both", tools: FIREWALL_TOOLS, backend: "ipset" },
      { name: "nft only", tools: ["nft"], backend: "nft" },
      {
        name: "iptables without ipset, and nft",
        tools: FIREWALL_TOOLS.filter((tool) => tool !== "ipset"),
        backend: "nft",
      },
      { name: "ipset and iptables only", tools: FIREWALL_TOOLS.filter((tool) => tool !== "nft"), backend: "ipset" },
    ])("$name", ({ tools, backend }) => {
      const done = runScript(rig, "apply", input, box("some", [...PLAIN_TOOLS, ...tools]));
      expect(parseReceipt(done.stdout)).toMatchObject({ kind: "done", backend, bans: 2, missing: 0 });
    });

    it("no IPv6: IPv4 goes on, and the receipt says what was skipped", () => {
      const tools = FIREWALL_TOOLS.filter((tool) => !/^ip6|^nft/.test(tool));
      const done = runScript(rig, "apply", input, box("v4", [...PLAIN_TOOLS, ...tools]));
      expect(done.code).toBe(0);
      expect(parseReceipt(done.stdout)).toMatchObject({ ipv6: false, bans: 2, skipped: 1, missing: 0, added: 1 });
      expect(parseReceipt(runScript(rig, "apply", input).stdout)).toMatchObject({
        ipv6: true,
        skipped: 0,
        added: 1,
        missing: 0,
      });
    });

    it("another tool than before: the bans move, and nothing stays behind", () => {
      runScript(rig, "apply", input, { FLEET2BAN_BACKEND: "ipset" });
      expect(parseReceipt(runScript(rig, "apply", input, { FLEET2BAN_BACKEND: "nft" }).stdout)).toMatchObject({
        backend: "nft",
        added: 2,
      });
      expect(kernelEntries(rig, "ipset")).toEqual([]);
      expect(rules().join()).not.toContain("f2b-");
      expect(parseReceipt(runScript(rig, "apply", input, { FLEET2BAN_BACKEND: "ipset" }).stdout)).toMatchObject({
        added: 2,
      });
      expect(kernelEntries(rig, "nft")).toEqual([]);
    });

    it("base chains of another shape: the table is built anew", () => {
      const nft = { FLEET2BAN_BACKEND: "nft" };
      runScript(rig, "apply", input, nft);
      rig.net.host.must([
        "nft",
        "delete table inet fleet2ban; add table inet fleet2ban; add chain inet fleet2ban INPUT { type filter hook input priority 5; policy accept; }",
      ]);
      expect(parseReceipt(runScript(rig, "apply", input, nft).stdout)).toMatchObject({
        kind: "done",
        bans: 2,
        missing: 0,
        broken: 0,
      });
      expect(rig.net.host.must(["nft", "list", "ruleset"])).toMatch(/priority (filter - 1|-1)/);
      expect(kernelEntries(rig, "nft")).toHaveLength(2);
    });

    it("a lock without flock is safe, and a dead owner's is taken away", async () => {
      const env = box("noflock", [...PLAIN_TOOLS.filter((tool) => tool !== "flock"), ...FIREWALL_TOOLS]);
      rig.net.host.must(["ln", "-s", "999999999", join(rig.stateDir, "owner")]);
      const fleetOf = rig.fleetWith(env);
      const reports = await Promise.all([1, 2, 3, 4].map((i) => fleetOf.apply([ban(`192.0.2.${i}`)])));
      for (const report of reports) expect(receiptOf(report)).toMatchObject({ banned: 1, missing: 0 });
      expect(kernelEntries(rig, "ipset")).toHaveLength(4);
      expect(existsSync(join(rig.stateDir, "owner"))).toBe(false);
    });

    it.each([
      { shell: ["dash"], tools: {} },
      { shell: ["bash", "--posix"], tools: {} },
      { shell: ["busybox", "sh"], tools: "busybox" },
      { shell: ["/bin/sh"], tools: { awk: "mawk" } },
      { shell: ["/bin/sh"], tools: { awk: "gawk" } },
      { shell: ["/bin/sh"], tools: { awk: "original-awk" } },
    ])("runs the same in $shell with $tools", async ({ shell, tools }) => {
      const needs = tools === "busybox" ? ["busybox"] : [shell[0] ?? "", ...Object.values(tools)];
      const missing = needs.filter((command) => rig.net.host.run(["sh", "-c", `command -v ${command}`]).code !== 0);
      if (missing.length > 0) return console.warn(`skipped: needs ${missing.join(", ")}`);
      const which = (command: string) => rig.net.host.must(["sh", "-c", `command -v ${command}`]).trim();
      const busybox = tools === "busybox" ? rig.net.host.must(["busybox", "--list"]).split("\n") : [];
      const homes =
        tools === "busybox"
          ? PLAIN_TOOLS.filter((tool) => busybox.includes(tool)).map((tool) => [tool, which("busybox")])
          : Object.entries(tools).map(([name, command]) => [name, which(command)]);
      const plain = tools === "busybox" ? PLAIN_TOOLS.filter((tool) => busybox.includes(tool)) : PLAIN_TOOLS;
      const env = {
        ...box("shell", [...plain, ...FIREWALL_TOOLS], Object.fromEntries(homes) as Record<string, string>),
      };
      for (const backend of BACKENDS) {
        const run = (mode: string, text = "") =>
          parseReceipt(runScript(rig, mode, text, { ...env, FLEET2BAN_BACKEND: backend }, shell).stdout);
        const bans = [
          ban(A),
          ban(V6),
          ban("10.0.0.0/8"),
          ban("2001:db8:8000::/33", { jail: "a jail, and a long one $(id)" }),
        ];
        expect(run("apply", encodeChanges([...bans, unban(B)]).chunks[0])).toMatchObject({
          banned: 4,
          unbanned: 1,
          refused: 0,
          missing: 0,
          broken: 0,
        });
        expect(run("apply", encodeChanges(bans).chunks[0])).toMatchObject({
          stale: 4,
          added: 0,
          retimed: 0,
          repaired: 0,
        });
        rig.net.host.run(["iptables", "-D", "INPUT", "-j", "f2b-web"]);
        rig.net.host.run(["nft", "flush", "chain", "inet", "fleet2ban", "INPUT"]);
        const healed = run("apply", "fleet2ban 1\nend 0\n");
        expect(healed.kind === "done" && healed.repaired > 0 && healed.broken === 0).toBe(true);
        expect(run("reconcile", encodeFullList([ban(A)]).chunks[0])).toMatchObject({ removed: 3, bans: 1, missing: 0 });
        expect(run("status")).toMatchObject({ bans: 1, missing: 0, broken: 0, foreign: 0 });
        expect(run("clear")).toMatchObject({ removed: 1, bans: 0 });
      }
    });

    it("passes shellcheck", () => {
      if (rig.net.host.run(["sh", "-c", "command -v shellcheck"]).code !== 0)
        return console.warn("skipped: needs shellcheck");
      expect(
        rig.net.host.run(["shellcheck", "-S", "warning", "-s", "sh", "-"], { input: hostScript.text }).stdout,
      ).toBe("");
    });
  });
});
