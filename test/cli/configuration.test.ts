/** check and dump, on directories of our own and on the bundled configuration. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runCommandLine } from "../../cli/main.ts";
import { BUNDLED_CONFIG } from "../../cli/paths.ts";
import type { Problem } from "../../shared/core/config/problem.ts";
import { createTerminalDouble } from "./terminal-double.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function directory(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-config-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function run(...argv: string[]) {
  const double = createTerminalDouble();
  const code = await runCommandLine(argv, double.terminal);
  return { code, out: double.out(), err: double.err() };
}

const SEED = {
  "filter.d/haproxy-noserv.conf": `[Definition]
failregex = ^.*haproxy\\[\\d+\\]: <HOST>:\\d+ \\[\\.*\\] http_fe http_fe/<NOSRV> .*
ignoreregex =
`,
  "jail.d/haproxy.conf": `[haproxy-noserv]
enabled = true
filter = haproxy-noserv
action = iptables-allports sendmail-whois[name=Haproxy-noserv, dest=mail@mydomain.com]
bantime = 72000
maxretry = 4
findtime = 6000
logpath = /nonexistent/haproxy.log
ignoreip = 127.0.0.0/8 10.10.10.1/16
`,
};

interface Checked {
  readonly ok: boolean;
  readonly jails: readonly string[];
  readonly problems: readonly Problem[];
}

describe("check", () => {
  it("gives each enabled jail its verdict", async () => {
    const config = directory({
      "filter.d/x.conf": "[Definition]\nfailregex = ^x <HOST>$\n",
      "jail.d/x.conf": [
        "[DEFAULT]\nfilter = x\nlogpath = /nonexistent\naction = iptables-allports\nenabled = true",
        "[good]\n[worse]\nbantime = soon",
        "[other]\naction = iptables-multiport-log[port=http]\n",
      ].join("\n"),
    });
    const { code, out } = await run("check", "--config", config);
    expect(code).toBe(255);
    expect(out).toMatch(/^✓ good +works as it is$/m);
    expect(out).toMatch(/^✗ worse +cannot: .*soon/m);
    expect(out).toMatch(/^~ other +works, with a difference: iptables-multiport-log /m);
  });

  it("finds nothing wrong with the bundled configuration", async () => {
    const { code, out } = await run("check", "--config", BUNDLED_CONFIG, "--json");
    const { ok, jails, problems } = JSON.parse(out) as Checked;
    expect({ code, ok, jails: jails.length }).toEqual({ code: 0, ok: true, jails: 11 });
    // Whether this machine has the logs is its own affair.
    expect(problems.filter((problem) => problem.code !== "no-logs")).toEqual([]);
  });

  it("lets the seed's configuration run, and tells of its traps and its missing log", async () => {
    const { code, out } = await run("check", "--config", directory(SEED));
    expect(code).toBe(0);
    expect(out).toContain(
      "filter.d/haproxy-noserv.conf:2: warning: [haproxy-noserv] the filter never hits on lines with",
    );
    expect(out).toContain("a client can have another address banned");
    expect(out).toContain("no file matches logpath /nonexistent/haproxy.log");
    expect(out).toMatch(
      /1 of 1 enabled jails can run: haproxy-noserv\nOK: configuration test is successful \(3 warnings\)\n$/,
    );
  });

  it.each<{ name: string; change: Readonly<Record<string, string>>; code: string; place: string }>([
    {
      name: "a regex that Python refuses too",
      change: { "filter.d/haproxy-noserv.local": "[Definition]\nfailregex = ( <HOST>\n" },
      code: "bad-regex",
      place: "filter.d/haproxy-noserv.local:2",
    },
    {
      name: "a port that is none",
      change: { "jail.local": '[haproxy-noserv]\naction = iptables-multiport[port="htttp"]\n' },
      code: "bad-value",
      place: "jail.local:1",
    },
    {
      name: "an encoding that is none",
      change: { "jail.local": "[haproxy-noserv]\nlogencoding = klingon\n" },
      code: "bad-value",
      place: "jail.local:1",
    },
    {
      name: "an unknown filter",
      change: { "jail.local": "[haproxy-noserv]\nfilter = haproxy-nosrv\n" },
      code: "unknown-filter",
      place: "jail.local:2",
    },
    {
      name: "a file that cannot be parsed",
      change: { "jail.local": "[haproxy-noserv\n" },
      code: "bad-syntax",
      place: "jail.local:1",
    },
  ])("fails for $name, with the place", async ({ change, code, place }) => {
    const folder = directory({ ...SEED, ...change });
    const json = await run("check", "--config", folder, "--json");
    const errors = (JSON.parse(json.out) as Checked).problems.filter((problem) => problem.severity === "error");
    expect(errors.map((problem) => [problem.code, `${problem.place?.file}:${problem.place?.line}`])).toEqual([
      [code, place],
    ]);
    const text = await run("check", "--config", folder);
    expect([json.code, text.code]).toEqual([255, 255]);
    expect(text.out).toMatch(/ERROR: test configuration failed \(1 error/);
  });

  it("names a directory that is not there", async () => {
    const { code, err } = await run("check", "--config", "/nonexistent/config");
    expect({ code, err }).toEqual({
      code: 255,
      err: "error: there is no configuration directory /nonexistent/config\n    Name a directory with --config.\n",
    });
  });
});

describe("dump", () => {
  it("prints one jail as the commands that would set it up", async () => {
    const { code, out } = await run("dump", "haproxy-noserv", "--config", directory(SEED));
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toBe("['add', 'haproxy-noserv', 'auto']");
    expect(out).toContain("['set', 'haproxy-noserv', 'bantime', '72000']\n");
    expect(out).toMatch(/\['start', 'haproxy-noserv'\]\n$/);
  });

  it("prints the jails as data", async () => {
    const jails = JSON.parse((await run("dump", "--json", "--config", directory(SEED))).out);
    expect(jails).toMatchObject([{ name: "haproxy-noserv", maxretry: 4, findtime: 6_000_000, bantime: 72_000_000 }]);
  });

  it("suggests the nearest jail", async () => {
    const { code, err } = await run("dump", "haproxy-nosrv", "--config", directory(SEED));
    expect({ code, err }).toEqual({
      code: 255,
      err: "error: there is no enabled jail 'haproxy-nosrv'\n    Did you mean haproxy-noserv?\n",
    });
  });
});
