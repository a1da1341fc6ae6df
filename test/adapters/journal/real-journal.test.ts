/** The journal's reader on systemd's own journald and journalctl, in a mount namespace of their own. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { JOURNAL_TOOLS, runBesideJournald } from "../../support/journald.ts";
import { available } from "../../support/require.ts";

const CHILD = join(import.meta.dirname, "read-journal-child.ts");

const LINES = `
echo 'failed' | systemd-cat -t app
echo 'not for us' | systemd-cat -t third
echo 'hello from 192.0.2.1' | systemd-cat -t other
printf 'bytes \\377 here\\n' | systemd-cat -t app
"$NODE" --import tsx "$CHILD" 3 > /run/all
cat /run/all
after=$(head -n 1 /run/all | sed 's/^{"id":"\\([^"]*\\)".*/\\1/')
"$NODE" --import tsx "$CHILD" 2 "$after"
`;

describe.runIf(available(JOURNAL_TOOLS, { root: true }))("systemd's journal", () => {
  it("is read by what jails want, and on behind a cursor", () => {
    const { stdout, stderr } = runBesideJournald(LINES, { CHILD });
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
