/** The daemon on a journal: entries in, a ban out, and after a restart it goes on behind the last entry. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const BIN = fileURLToPath(new URL("../../cli/bin.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fleet2ban-journal-daemon-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FILES: Readonly<Record<string, string>> = {
  "etc/jail.local": `[app]
enabled = true
backend = systemd
filter = app
maxretry = 2
action = iptables-allports
`,
  "etc/filter.d/app.conf": `[Definition]
prefregex = ^<F-MLFID>\\S+ app\\[\\d+\\]: </F-MLFID><F-CONTENT>.+</F-CONTENT>$
failregex = ^<F-NOFAIL>hello</F-NOFAIL> from <HOST>$
            ^failed$
journalmatch = _COMM=app
`,
  // Prints the entries behind the cursor that it is given.
  "bin/journalctl": `#!/bin/sh
printf '%s\\n' "$*" >> "${folder}/asked"
after=0
for word in "$@"; do case "$word" in --after-cursor=*) after=\${word#--after-cursor=c} ;; esac; done
now=$(date +%s)
tail -n "+$((after + 1))" "${folder}/entries" | sed "s/NOW/$now/"
exec sleep 60
`,
};

function entry(nth: number, message: string): string {
  const common = { _HOSTNAME: "srv", SYSLOG_IDENTIFIER: "app", _COMM: "app", _PID: "7", MESSAGE: message };
  return `${JSON.stringify({ __CURSOR: `c${nth}`, __REALTIME_TIMESTAMP: "NOW000000", ...common })}\n`;
}

function daemon(): string {
  const argv = ["run", "--dry-run", "--once", "--config", join(folder, "etc"), "--state", join(folder, "state")];
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
  const { stdout, stderr } = spawnSync(process.execPath, [BIN, ...argv], { encoding: "utf8", env });
  return stdout + stderr;
}

it("bans by entries that belong together, over a restart", () => {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode: path.startsWith("bin/") ? 0o755 : 0o644 });
  }
  const before = [entry(1, "failed"), entry(2, "hello from 192.0.2.1")];
  writeFileSync(join(folder, "entries"), before.join(""));
  const first = daemon();
  expect(first.match(/Found 192\.0\.2\.1/g)).toHaveLength(1);
  expect(first).not.toContain("would ban");

  writeFileSync(join(folder, "entries"), [...before, entry(3, "failed")].join(""));
  const second = daemon();
  expect(second.match(/Found 192\.0\.2\.1/g)).toHaveLength(1);
  expect(second).toContain("would ban 192.0.2.1 in app");
  const asked = readFileSync(join(folder, "asked"), "utf8").trimEnd().split("\n");
  expect(asked).toMatchObject([expect.stringMatching(/--since=@\d+ -- _COMM=app$/), expect.stringMatching(/=c2 -- /)]);
});
