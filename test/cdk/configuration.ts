/** Configuration directories for tests of the deployment: made from what the test says, and removed after it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** Writes the files into a new directory and returns its path. */
export function configurationOf(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "fleet2ban-cdk-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

/** A jail that runs, with more lines for it. */
export const jail = (name: string, ...lines: readonly string[]): string =>
  [
    `[${name}]`,
    "enabled = true",
    "filter =",
    "action = iptables-allports",
    "failregex = ^<ADDR> failed 401 now ",
    DATED,
    ...lines,
    "",
  ].join("\n");

const DATED = "datepattern = ^%%Y-%%m-%%d";
