/** The journal's reader on systemd's own journald and journalctl, in a mount namespace of their own. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { available } from "../../support/require.ts";

const JOURNALD = "/lib/systemd/systemd-journald";
const CHILD = join(import.meta.dirname, "read-journal-child.ts");

/** What journald needs is put over the machine's own folders, for these processes alone. */
const SCRIPT = `
mount -t tmpfs none /run && mount -t tmpfs none /var/log && mkdir -p /run/systemd/journal /run/log/journal || exit 1
${JOURNALD} 2>/run/journald & journald=$!
for try in 1 2 3 4 5 6 7 8 9 10; do [ -S /run/systemd/journal/stdout ] && break; sleep 0.3; done
echo 'failed' | systemd-cat -t app
echo 'not for us' | systemd-cat -t third
echo 'hello from 192.0.2.1' | systemd-cat -t other
printf 'bytes \\377 here\\n' | systemd-cat -t app
"$NODE" --import tsx "$CHILD" 3 > /run/all
cat /run/all
after=$(head -n 1 /run/all | sed 's/^{"id":"\\([^"]*\\)".*/\\1/')
"$NODE" --import tsx "$CHILD" 2 "$after"
kill $journald
`;

// A container without systemd has no journal to be read: nothing is missing there.
const ready = existsSync(JOURNALD) && available(["journalctl", "systemd-cat", "unshare"], { root: true });

describe.runIf(ready)("systemd's journal", () => {
  it("is read by what jails want, and on behind a cursor", () => {
    const env = { ...process.env, NODE: process.execPath, CHILD };
    const { stdout, stderr } = spawnSync("unshare", ["-m", "sh", "-c", SCRIPT], {
      encoding: "utf8",
      env,
      timeout: 50_000,
    });
    const entries = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line || "{}") as { id: string; line: string; at: number });
    const lines = ["failed", "hello from 192.0.2.1", "bytes \ufffd here"].map((text) =>
      expect.stringMatching(` ${text}$`),
    );
    expect(
      entries.map(({ line }) => line),
      stderr,
    ).toEqual([...lines, ...lines.slice(1)]);
    expect(entries[0]!.line).toMatch(/^\S+ app\[\d+\]: failed$/);
    expect(Math.abs(entries[0]!.at - Date.now())).toBeLessThan(600_000);
    expect(entries[3]!.id).toBe(entries[1]!.id);
  });
});
