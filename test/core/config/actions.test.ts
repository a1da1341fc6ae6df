/** What Fail2Ban's actions mean here: names, parameters, identities, and what is refused or warned about. */
import { describe, expect, it } from "vitest";
import { ACTION_CATALOGUE } from "../../../shared/core/config/action-catalogue.ts";
import type { ActionConfig } from "../../../shared/core/config/model.ts";
import { compile, FILTER, jailOf, told } from "./compile.ts";
import type { Tree } from "./oracle.ts";

const REJECT = "REJECT --reject-with icmp-port-unreachable";

/** A jail [j] with this action, on line 4, and further lines. */
const withAction = (action: string, lines = "", more: Tree = {}): Tree => ({
  "jail.local": `[j]\nenabled = true\nfilter = f\naction = ${action}\nlogpath = /l\n${lines}\n`,
  "filter.d/f.conf": FILTER,
  ...more,
});
const firewall = (name: string, values: Partial<Extract<ActionConfig, { kind: "firewall" }>> = {}): ActionConfig => {
  return { kind: "firewall", name, ports: "ssh", protocol: "tcp", chain: "INPUT", blocktype: REJECT, ...values };
};
const mail = (name: string, values: Partial<Extract<ActionConfig, { kind: "mail" }>> = {}): ActionConfig => {
  return {
    kind: "mail",
    name,
    dest: "root",
    sender: "fail2ban",
    subjectName: "j",
    whois: false,
    lines: false,
    ...values,
  };
};

describe("an action", () => {
  it.each([
    { action: "iptables", expected: [firewall("iptables")] },
    { action: "iptables-multiport", expected: [firewall("iptables-multiport")] },
    { action: "iptables-allports", expected: [firewall("iptables-allports", { ports: "all" })] },
    {
      action: "iptables-allports[protocol=all]",
      expected: [firewall("iptables-allports", { ports: "all", protocol: "all" })],
    },
    {
      action: "iptables-ipset-proto6-allports",
      expected: [firewall("iptables-ipset-proto6-allports", { ports: "all" })],
    },
    { action: "iptables-ipset-proto6[port=80]", expected: [firewall("iptables-ipset-proto6", { ports: "80" })] },
    {
      action: 'iptables-multiport[port="http, https,8000:8010", chain=FORWARD, blocktype=DROP]',
      expected: [
        firewall("iptables-multiport", { ports: "http,https,8000:8010", chain: "FORWARD", blocktype: "DROP" }),
      ],
    },
    { action: "iptables[type=allports]", expected: [firewall("iptables", { ports: "all" })] },
    { action: "nftables", expected: [firewall("nftables", { blocktype: "reject" })] },
    { action: "nftables[type=allports]", expected: [firewall("nftables", { ports: "all", blocktype: "reject" })] },
    {
      action: "nftables-allports[blocktype=drop, chain_hook=forward]",
      expected: [firewall("nftables-allports", { ports: "all", blocktype: "drop", chain: "FORWARD" })],
    },
    {
      action: 'nftables[type=multiport][port="80,443", protocol="tcp,udp"]',
      expected: [firewall("nftables", { ports: "80,443", protocol: "tcp,udp", blocktype: "reject" })],
    },
    { action: "sendmail", expected: [mail("sendmail")] },
    {
      action: "sendmail-whois[name=Other, dest=a@b.example]",
      expected: [mail("sendmail-whois", { subjectName: "Other", dest: "a@b.example", whois: true })],
    },
    {
      action: 'sendmail-whois-lines[sender="x <a@b>"]',
      expected: [mail("sendmail-whois-lines", { sender: "x <a@b>", whois: true, lines: true })],
    },
    { action: "mail-whois[dest=ops]", expected: [mail("mail-whois", { dest: "ops", sender: "root", whois: true })] },
    {
      action: "iptables-allports sendmail",
      expected: [firewall("iptables-allports", { ports: "all" }), mail("sendmail")],
    },
    {
      action: "sendmail[dest=a]\n  iptables-allports",
      expected: [mail("sendmail", { dest: "a" }), firewall("iptables-allports", { ports: "all" })],
    },
  ])("$action", ({ action, expected }) => expect(jailOf(withAction(action)).actions).toEqual(expected));

  it.each([...ACTION_CATALOGUE.keys()])("%s needs no file in action.d", (name) => {
    const [action] = jailOf(withAction(name)).actions;
    expect(action).toMatchObject({ name, kind: /mail/.test(name) ? "mail" : "firewall" });
  });

  it("keeps port ssh without brackets, whatever the jail's port, and says so", () => {
    const compiled = compile(withAction("iptables-multiport", "port = http,https"));
    expect(compiled.jails[0]?.actions).toEqual([firewall("iptables-multiport")]);
    expect(told(compiled)).toEqual(["warning bad-value jail.local:4 j"]);
    expect(compiled.problems[0]?.next).toContain('iptables-multiport[port="http,https"]');
  });

  it.each(["iptables-multiport[port=ssh]", "iptables-allports", "sendmail"])("%s needs no such warning", (action) => {
    expect(told(compile(withAction(action, "port = http")))).toEqual([]);
  });

  it("needs none where ssh is the jail's port", () =>
    expect(told(compile(withAction("iptables", "port = ssh")))).toEqual([]));

  it("takes the jail's port, protocol and chain through the customary shortcuts", () => {
    const conf = [
      "[DEFAULT]\nport = 0:65535\nprotocol = tcp\nchain = <known/chain>\nbanaction = iptables-multiport\nmta = sendmail",
      "destemail = root@localhost\nsender = root@<fq-hostname>\naction = %(action_)s",
      'action_ = %(banaction)s[port="%(port)s", protocol="%(protocol)s", chain="%(chain)s"]',
      'action_mwl = %(action_)s\n  %(mta)s-whois-lines[sender="%(sender)s", dest="%(destemail)s", chain="%(chain)s"]',
    ].join("\n");
    const more = { "jail.conf": conf };
    const jail = (lines: string) =>
      jailOf({ ...withAction("", "", more), "jail.local": `[j]\nenabled=1\nfilter=f\nlogpath=/l\n${lines}\n` });
    expect(jail("port = http,https").actions).toEqual([firewall("iptables-multiport", { ports: "http,https" })]);
    expect(jail("banaction = nftables-multiport\nprotocol = udp").actions).toEqual([
      firewall("nftables-multiport", { ports: "0:65535", protocol: "udp", blocktype: "reject" }),
    ]);
    expect(jail("action = %(action_mwl)s").actions).toEqual([
      firewall("iptables-multiport", { ports: "0:65535" }),
      mail("sendmail-whois-lines", { sender: "root@<fq-hostname>", dest: "root@localhost", whois: true, lines: true }),
    ]);
  });

  it("takes its defaults from a file in action.d", () => {
    const more = {
      "action.d/iptables-multiport.conf": "[INCLUDES]\nbefore = iptables.conf\n[Definition]\ntype = multiport\n",
      "action.d/iptables.conf":
        "[Definition]\ntype = oneport\nactionban = x\n[Init]\nport = 22\nprotocol = udp\nchain = IN\nblocktype = DROP\n[Init?family=inet6]\nblocktype = DROP\n",
    };
    expect(jailOf(withAction("iptables-multiport[chain=<known/chain>PUT]", "", more)).actions).toEqual([
      firewall("iptables-multiport", { ports: "22", protocol: "udp", blocktype: "DROP" }),
    ]);
  });

  it("takes changes to its defaults from a .local alone", () => {
    const more = { "action.d/iptables-multiport.local": "[Init]\nport = http\n" };
    expect(jailOf(withAction("iptables-multiport", "", more)).actions).toEqual([
      firewall("iptables-multiport", { ports: "http" }),
    ]);
  });

  it("warns where the families would be blocked differently", () => {
    const more = { "action.d/iptables-allports.local": "[Init?family=inet6]\nblocktype = DROP\n" };
    expect(told(compile(withAction("iptables-allports", "", more)))).toEqual(["warning lossy-action jail.local:4 j"]);
    expect(told(compile(withAction("iptables-allports[blocktype=DROP]")))).toEqual([]);
  });

  it.each([
    {
      action: "iptables-allports[blocktpye=DROP]",
      expected: "warning unknown-option jail.local:4 j",
      next: "Did you mean blocktype?",
    },
    {
      action: "iptables-allports[returntype=RETURN]",
      expected: "warning unsupported-option jail.local:4 j",
      next: "Take returntype out",
    },
    { action: "sendmail-buffered", expected: "warning lossy-action jail.local:4 j", next: "Nothing needs" },
    { action: "", expected: "warning unknown-action jail.local:1 j", next: "Set action" },
  ])("warns of $action", ({ action, expected, next }) => {
    const compiled = compile(withAction(action));
    expect(told(compiled)).toEqual([expected]);
    expect(compiled.problems[0]?.next).toContain(next);
    expect(compiled.jails).toHaveLength(1);
  });

  it.each([
    {
      action: "iptable-multiport",
      code: "unknown-action",
      next: "The nearest is iptables-multiport. We have: iptables,",
    },
    { action: "ufw", code: "unknown-action", next: "The nearest is iptables-multiport." },
    { action: "cloudflare", code: "unknown-action", next: "We have: iptables," },
    { action: "iptables-allports, sendmail", code: "unknown-action", next: "The nearest is iptables-allports." },
    { action: "iptables [name=x]", code: "unknown-action", next: "The nearest is iptables-allports." },
    { action: "iptables[port=80,443]", code: "bad-option-list", next: 'KEY2="VALUE, WITH COMMA"' },
    { action: "iptables[port=80", code: "bad-option-list", next: "white space" },
    { action: 'iptables-multiport[port="80;reboot"]', code: "bad-value", next: "Correct port" },
    { action: 'iptables-multiport[port="99999"]', code: "bad-value", next: "Correct port" },
    { action: 'iptables-multiport[port="90:80"]', code: "bad-value", next: "Correct port" },
    { action: "iptables[protocol=$(id)]", code: "bad-value", next: "Correct protocol" },
    { action: 'iptables[chain="INPUT -j ACCEPT"]', code: "bad-value", next: "Correct chain" },
    { action: "iptables[blocktype=`id`]", code: "bad-value", next: "Correct blocktype" },
    { action: "iptables[type=custom]", code: "unsupported-option", next: "type=oneport" },
    {
      action: "iptables-allports[blocktype=RETURN, returntype=DROP]",
      code: "unsupported-option",
      next: "Only blocking",
    },
    { action: "iptables[port=<port>]", code: "recursive-tag", next: "" },
  ])("leaves the jail out for $action", ({ action, code, next }) => {
    const files = withAction(action, "[k]\nenabled = true\nfilter = f\naction = iptables-allports\nlogpath = /l");
    const compiled = compile(files);
    if (code === "recursive-tag") expect(compiled.jails).toEqual([]);
    else {
      expect(compiled.jails.map(({ name }) => name)).toEqual(["k"]);
      expect(told(compiled)).toContain(`error ${code} jail.local:4 j`);
      expect(compiled.problems[0]?.next).toContain(next);
    }
  });

  it.each([
    { action: "iptables iptables", twice: true },
    { action: "iptables iptables[name=j]", twice: true },
    { action: "iptables[name=x] iptables[name=x]", twice: true },
    { action: "iptables[actname=a] sendmail[actname=a]", twice: true },
    { action: "iptables iptables[name=x]", twice: false },
    { action: "iptables iptables[actname=other]", twice: false },
    { action: "iptables sendmail", twice: false },
  ])("counts identities: $action", ({ action, twice }) => {
    const compiled = compile(withAction(action, "port = ssh"));
    expect(compiled.jails).toHaveLength(twice ? 0 : 1);
    expect(told(compiled)).toEqual(twice ? ["error bad-value jail.local:4"] : []);
  });

  it("stands in its own line of a list", () => {
    const compiled = compile(withAction("iptables-allports\n  # note\n  nosuch"));
    expect(told(compiled)).toEqual(["error unknown-action jail.local:6 j"]);
  });
});
