/** Configuration directories for tests of the deployment: made from what the test says, and removed after the file. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

const made: string[] = [];
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

/** Writes the files into a new directory and returns its path. */
export function configurationOf(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "fleet2ban-cdk-"));
  made.push(directory);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

/** A jail that runs, with more lines for it; it bans, and mails where an address is given. */
export function jail(name: string, lines: readonly string[], { mail }: { readonly mail?: string } = {}): string {
  const actions = ["iptables-allports", ...(mail === undefined ? [] : [`sendmail[dest="${mail}"]`])];
  return [
    `[${name}]`,
    "enabled = true",
    "filter =",
    `action = ${actions.join("\n         ")}`,
    "failregex = ^<ADDR> failed 401 now ",
    "datepattern = ^%%Y-%%m-%%d",
    ...lines,
    "",
  ].join("\n");
}
