/** systemd's own journald and journalctl, in a mount namespace of their own. */
import { spawnSync } from "node:child_process";

const JOURNALD = "/lib/systemd/systemd-journald";

/** What `runBesideJournald` needs, and root. */
export const JOURNAL_TOOLS = [JOURNALD, "journalctl", "systemd-cat", "unshare"];

/** Runs shell lines with a fresh journald; what it needs is put over the machine's own folders, for these processes alone. */
export function runBesideJournald(lines: string, env: Readonly<Record<string, string>>) {
  const script = `
mount -t tmpfs none /run && mount -t tmpfs none /var/log && mkdir -p /run/systemd/journal /run/log/journal || exit 1
${JOURNALD} 2>/run/journald & journald=$!
for try in 1 2 3 4 5 6 7 8 9 10; do [ -S /run/systemd/journal/stdout ] && break; sleep 0.3; done
${lines.trim()}
kill $journald
`;
  return spawnSync("unshare", ["-m", "sh", "-c", script], {
    encoding: "utf8",
    env: { ...process.env, NODE: process.execPath, ...env },
    timeout: 50_000,
  });
}
