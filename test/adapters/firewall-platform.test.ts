/** Hosts differ: in their firewall, their shell, their awk, their locks. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostScript } from "../../shared/contract/host-script.ts";
import { encodeChanges, encodeFullList } from "../../shared/core/firewall/encode.ts";
import { parseReceipt } from "../../shared/core/firewall/receipt.ts";
import { available } from "../support/require.ts";
import {
  BACKENDS,
  ban,
  createRig,
  FIREWALL_TOOLS,
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

describe.skipIf(!available(TOOLS, { root: true }))("the host script finds what the host has:", () => {
  let rig: Rig;
  afterEach(() => rig.destroy());

  const rules = (command = "iptables") => rig.net.host.must([command, "-S"]).trim().split("\n");

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

  const has = (command: string) => rig.net.host.run(["sh", "-c", `command -v ${command}`]).code === 0;
  /** Where the script's plain tools come from: the system, busybox as far as it has them, or another awk. */
  const homes = (tools: string): Readonly<Record<string, string>> => {
    if (tools === "the system's") return {};
    const home = rig.net.host.must(["sh", "-c", `command -v ${tools}`]).trim();
    if (tools !== "busybox") return { awk: home };
    const applets = rig.net.host.must(["busybox", "--list"]).split("\n");
    return Object.fromEntries(PLAIN_TOOLS.filter((tool) => applets.includes(tool)).map((tool) => [tool, home]));
  };

  it.for([
    { shell: "dash", tools: "the system's" },
    { shell: "bash --posix", tools: "the system's" },
    { shell: "busybox sh", tools: "busybox" },
    { shell: "sh", tools: "mawk" },
    { shell: "sh", tools: "gawk" },
    { shell: "sh", tools: "original-awk" },
  ])("$shell with $tools tools, and runs the same", ({ shell, tools }, { skip }) => {
    const words = shell.split(" ");
    for (const command of [words[0] ?? "", ...(tools === "the system's" ? [] : [tools])]) {
      if (!has(command)) skip(`needs ${command}`);
    }
    const from = homes(tools);
    const plain = tools === "busybox" ? Object.keys(from) : PLAIN_TOOLS;
    const env = box("shell", [...plain, ...FIREWALL_TOOLS], from);
    for (const backend of BACKENDS) {
      const run = (mode: string, text = "") =>
        parseReceipt(runScript(rig, mode, text, { ...env, FLEET2BAN_BACKEND: backend }, words).stdout);
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

  it("a shell as strict as shellcheck", ({ skip }) => {
    if (!has("shellcheck")) skip("needs shellcheck");
    const strict = ["shellcheck", "-S", "warning", "-s", "sh", "-"];
    expect(rig.net.host.run(strict, { input: hostScript.text }).stdout).toBe("");
  });
});
