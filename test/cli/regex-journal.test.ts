/** regex on systemd's journal: what journalctl is asked for, what comes of its entries, and next to fail2ban-regex on a real journald. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { JOURNAL_TOOLS, runBesideJournald } from "../support/journald.ts";
import { available } from "../support/require.ts";

const BIN = fileURLToPath(new URL("../../cli/bin.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fleet2ban-regex-journal-"));
afterAll(() => rmSync(folder, { recursive: true }));

const entry = (at: number, message: string) =>
  JSON.stringify({
    _HOSTNAME: "srv",
    SYSLOG_IDENTIFIER: "app",
    _PID: "7",
    __REALTIME_TIMESTAMP: `${at * 1_000}`,
    MESSAGE: message,
  });

const FILES: Readonly<Record<string, string>> = {
  // What follows "logtype = " chooses the line that matches.
  "etc/filter.d/app.conf": `[Definition]
failregex = ^<F-MLFID>srv app\\[\\d+\\]: </F-MLFID><type-<logtype>>
[Init]
logtype = file
type-file = in a file from <HOST>$
type-journal = failed from <HOST>$
journalmatch = _COMM=app + _COMM=other
`,
  "etc/jail.conf": "",
  "bin/journalctl": `#!/bin/sh
printf '%s\\n' "$*" >> "${folder}/asked"
cat "${folder}/entries"
[ ! -e "${folder}/broken" ] || { echo 'no luck' >&2; exit 1; }
`,
  entries: [
    entry(Date.UTC(2026, 10, 22, 10, 0, 0, 500), "failed from 192.0.2.1"),
    entry(Date.UTC(2026, 10, 22, 11), "hello\nfailed from 192.0.2.2"),
    "",
  ].join("\n"),
};
for (const [path, text] of Object.entries(FILES)) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text, { mode: path.startsWith("bin/") ? 0o755 : 0o644 });
}

function regex(argv: readonly string[], path = `${join(folder, "bin")}:${process.env.PATH}`) {
  const env = { ...process.env, PATH: path, TZ: "UTC" };
  const all = [BIN, "regex", "--config", join(folder, "etc"), ...argv];
  const { stdout, stderr, status } = spawnSync(process.execPath, all, { encoding: "utf8", env });
  return { stdout, stderr, status };
}

const asked = () => readFileSync(join(folder, "asked"), "utf8").trimEnd().split("\n").at(-1);

describe("regex on the journal", () => {
  it("reads the entries that the filter wants, by its regexes for the journal, at the times of the entries", () => {
    const { stdout, stderr } = regex(["-o", "row", "systemd-journal", "app"]);
    const groups = "{'mlfid': 'srv app[7]: ', 'ip4': '192.0.2.1', 'ip6': None, 'dns': None}";
    expect(stdout, stderr).toBe(`['192.0.2.1',\t1795341600.5,\t${groups}],\n`);
    expect(asked()).toBe("--output=json --all --no-pager --quiet --system -- _COMM=app + _COMM=other");
  });

  it("reports them, each with its time", () => {
    const { stdout, stderr } = regex(["-v", "systemd-journal", "app"]);
    expect(stdout, stderr).toContain("Use         systemd journal\n");
    expect(stdout).toContain("Use    journal match : _COMM=app + _COMM=other\n");
    expect(stdout).toContain("192.0.2.1  Sun Nov 22 10:00:00 2026\n");
    expect(stdout).toContain("|  2026-11-22 11:00:00 srv app[7]: hello\\nfailed from 192.0.2.2\n");
    expect(stdout).toContain("Lines: 2 lines, 0 ignored, 1 matched, 1 missed");
    expect(stdout).not.toContain("Date template");
  });

  it("explains them", () => {
    const { stdout, stderr } = regex(["--explain", "systemd-journal", "app"]);
    expect(stdout, stderr).toMatch(/date +not in the line {2}= {2}2026-11-22 10:00:00 /);
    expect(stdout).toContain("a failure of 192.0.2.1\n");
  });

  it.each([
    { log: "systemd-journal[journalflags=1]", which: "" },
    { log: "systemd-journal[journalflags=0]", which: "--merge " },
    { log: "systemd-journal[journalflags=2]", which: "--directory=/run/log/journal " },
    { log: "systemd-journal[journalflags=6]", which: "--directory=/run/log/journal --system " },
    { log: "systemd-journal[journalflags=5]", which: "--system " },
    { log: "systemd-journal[journalflags=8]", which: "--merge --user " },
    { log: "systemd-journal[journalflags=9]", which: "--user " },
    { log: "systemd-journal[journalpath=/var/log/far]", which: "--directory=/var/log/far " },
    { log: "systemd-journal[journalflags=4, journalpath='/far']", which: "--system --directory=/far " },
    { log: 'systemd-journal[journalfiles="/a /b"]', which: "--file=/a --file=/b " },
    { log: "systemd-journal[namespace=n]", which: "--system --namespace=n " },
  ])("$log", ({ log, which }) => {
    expect(regex(["-m", "_COMM=x 'A=b c'", "-o", "id", log, "failed from <HOST>"]).status).toBe(0);
    expect(asked()).toBe(`--output=json --all --no-pager --quiet ${which}-- _COMM=x A=b c`);
  });

  it("says in a sentence that there is no journalctl, or why it fails", () => {
    const none = regex(["systemd-journal", "app"], join(folder, "etc"));
    expect(none.status).toBe(255);
    expect(none.stderr).toMatch(/^error: there is no journalctl here, .*\n.*Install systemd's journalctl/);
    writeFileSync(join(folder, "broken"), "");
    const broken = regex(["-o", "id", "systemd-journal", "app"]);
    rmSync(join(folder, "broken"));
    expect(broken).toMatchObject({ status: 255, stdout: "192.0.2.1\n" });
    expect(broken.stderr).toContain("error: the journal cannot be read: no luck\n");
  });
});

const LINES = `
echo 'Failed password for root from 192.0.2.1 port 5 ssh2' | systemd-cat -t sshd
echo 'Failed password for root from 192.0.2.3 port 5 ssh2' | systemd-cat -t third
echo 'Invalid user eve from 192.0.2.2 port 22' | systemd-cat -t sshd
journalctl --sync
sleep 0.5
set -- -r -o row -m SYSLOG_IDENTIFIER=sshd systemd-journal /etc/fail2ban/filter.d/sshd.conf
fail2ban-regex "$@" ; echo --; "$NODE" "$BIN" regex "$@"
`;

const tools = [...JOURNAL_TOOLS, "fail2ban-regex"];

describe.runIf(available(tools, { root: true, module: "systemd.journal" }))("next to fail2ban-regex", () => {
  it("prints the same rows of a real journal, to the millisecond", () => {
    const { stdout, stderr } = runBesideJournald(LINES, { BIN });
    const rows = stdout.split("--\n").map((text) => text.trimEnd().split("\n").map(milliseconds));
    expect(rows[0], stderr).toHaveLength(2);
    expect(rows[1]).toEqual(rows[0]);
  });
});

function milliseconds(row: string): string {
  return row.replace(/\t(\d+\.\d+),/, (_, seconds) => `\t${Math.floor(Number(seconds) * 1_000 + 1e-3) / 1_000},`);
}
