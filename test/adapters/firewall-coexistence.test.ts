import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { available } from "../support/require.ts";
import { ban, createRig, firewall, HOST_RULES, kernelEntries, type Rig, receiptOf, TOOLS } from "./firewall-rig.ts";

const A = "192.0.2.1";
const B = "192.0.2.2";
const V6 = "2001:db8::1";

describe.skipIf(!available(TOOLS, { root: true }))("on a host with rules of its own, the host script", () => {
  let rig: Rig;
  afterEach(() => rig.destroy());

  const rules = (command = "iptables") => rig.net.host.must([command, "-S"]).trim().split("\n");
  const withoutOurs = (lines: readonly string[]) => lines.filter((line) => !/^-[AN] f2b-| -j f2b-/.test(line));
  const first = (hook = "INPUT") => rules().find((line) => line.startsWith(`-A ${hook} `));

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
