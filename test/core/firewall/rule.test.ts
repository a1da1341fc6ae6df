import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MULTIPORT_SLOTS, parsePorts, perRule } from "../../../shared/core/firewall/port.ts";
import { compileFirewall, type FirewallAction } from "../../../shared/core/firewall/rule.ts";
import { available } from "../../support/require.ts";

const ACTION: FirewallAction = {
  kind: "firewall",
  name: "iptables-multiport",
  ports: "ssh",
  protocol: "tcp",
  chain: "INPUT",
  blocktype: "DROP",
};
const compile = (...words: Partial<FirewallAction>[]) =>
  compileFirewall(
    words.map((word) => ({ ...ACTION, ...word })),
    7,
  );

const port = (first: number, last = first) => ({ first, last });

describe("ports", () => {
  it.each([
    { text: "22", ranges: [port(22)] },
    { text: "http,https", ranges: [port(80), port(443)] },
    { text: " https , HTTP ", ranges: [port(80), port(443)] },
    { text: "8000:8010", ranges: [port(8000, 8010)] },
    { text: "8000-8010", ranges: [port(8000, 8010)] },
    { text: "ftp-data:ssh", ranges: [port(20, 22)] },
    { text: "smtp,465,submission", ranges: [port(25), port(465), port(587)] },
    { text: "80,81,82:90,85,443", ranges: [port(80, 90), port(443)] },
    { text: "0:65535", ranges: [port(0, 65535)] },
  ])("$text", ({ text, ranges }) => expect(parsePorts(text)).toEqual({ kind: "ports", ranges }));

  it.each(["nosuchservice", "65536", "-1", "90:80", "1:2:3", "80;81", "", "constructor", "1.5", "$(id)"])(
    "refuses %j",
    (text) => expect(parsePorts(text)).toEqual({ kind: "unknown", word: text }),
  );

  it("cuts long lists into rules that the kernel takes, and loses none", () => {
    const list = fc.array(fc.tuple(fc.nat(65535), fc.nat(40)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(list, (pairs) => {
        const parsed = parsePorts(pairs.map(([first, more]) => `${first}:${Math.min(first + more, 65535)}`).join(","));
        if (parsed.kind === "unknown") throw new Error(parsed.word);
        const pieces = perRule(parsed.ranges);
        expect(pieces.flat()).toEqual(parsed.ranges);
        for (const piece of pieces) {
          expect(piece.length).toBeGreaterThan(0);
          expect(piece.reduce((sum, { first, last }) => sum + (first === last ? 1 : 2), 0)).toBeLessThanOrEqual(
            MULTIPORT_SLOTS,
          );
        }
        const inside = (number: number) => parsed.ranges.some(({ first, last }) => first <= number && number <= last);
        for (const [first, more] of pairs) expect(inside(first) && inside(Math.min(first + more, 65535))).toBe(true);
      }),
    );
  });

  it.skipIf(!available(["getent"]))("have the numbers that this system knows", () => {
    const source = readFileSync(new URL("../../../shared/core/firewall/port.ts", import.meta.url), "utf8");
    const table = [...source.matchAll(/^ {2}"?([a-z0-9-]+)"?: (\d+),$/gm)];
    expect(table.length).toBeGreaterThan(60);
    for (const [, name = "", number] of table) {
      const known = numberOf(name);
      if (known !== undefined) expect(`${name} ${number}`).toBe(`${name} ${known}`);
    }
  });

  it.skipIf(!available(["fail2ban-client"]))("of every jail that Debian's Fail2Ban brings are known", () => {
    const files = [
      "/etc/fail2ban/jail.conf",
      ...readdirSync("/etc/fail2ban/jail.d").map((file) => `/etc/fail2ban/jail.d/${file}`),
    ];
    const texts = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/^\w*port\s*=\s*(.+)$/gm)].map(([, text = ""]) => text),
    );
    expect(texts.length).toBeGreaterThan(40);
    for (const text of texts.filter((word) => !/[%<]/.test(word)))
      expect([text, parsePorts(text).kind]).toEqual([text, "ports"]);
  });
});

function numberOf(name: string): string | undefined {
  try {
    return /\s(\d+)\//.exec(execFileSync("getent", ["services", name], { encoding: "utf8" }))?.[1];
  } catch {
    // This system does not know the name; the table may.
    return undefined;
  }
}

describe("a jail's firewall", () => {
  it.each([
    { name: "allports", words: { ports: "all" }, rules: [{ protocol: "tcp", ports: "all", block: "drop" }] },
    {
      name: "multiport",
      words: { ports: "http,https" },
      rules: [{ protocol: "tcp", ports: [port(80), port(443)], block: "drop" }],
    },
    {
      name: "every protocol",
      words: { ports: "all", protocol: "all" },
      rules: [{ protocol: "all", ports: "all", block: "drop" }],
    },
    {
      name: "two protocols",
      words: { ports: "domain", protocol: "tcp, udp" },
      rules: ["tcp", "udp"].map((protocol) => ({ protocol, ports: [port(53)], block: "drop" })),
    },
    {
      name: "ping",
      words: { ports: "all", protocol: "icmp" },
      rules: [{ protocol: "icmp", ports: "all", block: "drop" }],
    },
  ])("of $name", ({ words, rules }) =>
    expect(compile(words)).toEqual({ kind: "firewall", firewall: { revision: 7, hooks: ["INPUT"], rules } }),
  );

  it.each([
    ["DROP", "drop"],
    ["drop", "drop"],
    ["REJECT", "reject"],
    ["REJECT --reject-with icmp-port-unreachable", "reject"],
    ["REJECT --reject-with icmp6-port-unreachable", "reject"],
    ["reject with icmpx type port-unreachable", "reject"],
    ["reject with icmp port-unreachable", "reject"],
    ["REJECT  --reject-with  tcp-reset", "reset"],
    ["reject with tcp reset", "reset"],
    ["REJECT --reject-with icmp-host-unreachable", "reject-host"],
    ["REJECT --reject-with icmp-net-unreachable", "reject-net"],
    ["REJECT --reject-with icmp-admin-prohibited", "reject-admin"],
    ["reject with icmpv6 type addr-unreachable", "reject-host"],
  ])("blocks by %s", (blocktype, block) =>
    expect(compile({ blocktype })).toMatchObject({ firewall: { rules: [{ block }] } }),
  );

  it("of several actions has every rule once, and every chain", () => {
    const compiled = compile(
      { ports: "http", chain: "INPUT,DOCKER-USER" },
      { ports: "80" },
      { ports: "all", protocol: "udp", chain: "forward" },
    );
    expect(compiled).toEqual({
      kind: "firewall",
      firewall: {
        revision: 7,
        hooks: ["DOCKER-USER", "FORWARD", "INPUT"],
        rules: [
          { protocol: "tcp", ports: [port(80)], block: "drop" },
          { protocol: "udp", ports: "all", block: "drop" },
        ],
      },
    });
  });

  it.each([
    { name: "an unknown port", words: { ports: "http,nosuch" }, option: "port", message: 'port "nosuch"' },
    { name: "an unknown protocol", words: { protocol: "tcpx" }, option: "protocol", message: 'protocol "tcpx"' },
    { name: "no protocol", words: { protocol: " , " }, option: "protocol", message: 'protocol " , "' },
    {
      name: "ports of all protocols",
      words: { protocol: "all" },
      option: "protocol",
      message: 'protocol "all with ports"',
    },
    { name: "an unknown target", words: { blocktype: "TARPIT" }, option: "blocktype", message: 'blocktype "TARPIT"' },
    {
      name: "commands in the target",
      words: { blocktype: "DROP; reboot" },
      option: "blocktype",
      message: "DROP; reboot",
    },
    {
      name: "a reset without TCP",
      words: { ports: "all", protocol: "udp", blocktype: "REJECT --reject-with tcp-reset" },
      option: "blocktype",
      message: "with protocol udp",
    },
    { name: "an impossible chain", words: { chain: "IN PUT; x" }, option: "chain", message: 'chain "PUT;"' },
    { name: "a chain of ours", words: { chain: "f2b-sshd" }, option: "chain", message: 'chain "f2b-sshd"' },
    { name: "no chain", words: { chain: "" }, option: "chain", message: 'chain ""' },
    { name: "too many chains", words: { chain: "A,B,C,D,E,F,G,H,I" }, option: "chain", message: "A,B,C" },
  ])("refuses $name", ({ words, option, message }) =>
    expect(compile(words)).toMatchObject({ kind: "mistake", option, message: expect.stringContaining(message) }),
  );
});
