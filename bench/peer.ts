/** The peer: `fail2ban-regex` of the installed package, the same lines, our same ten filters, one after another. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JailConfig } from "../shared/core/config/model.ts";
import { CONFIG } from "./jails.ts";
import type { BenchLine } from "./lines.ts";

/** Lines per second that all jails together take, as Fail2Ban runs them: each jail over every line. Undefined = not installed. */
export function measurePeer(lines: readonly BenchLine[], jails: readonly JailConfig[]): number | undefined {
  if (spawnSync("fail2ban-regex", ["--version"]).status !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-bench-"));
  try {
    const log = join(folder, "haproxy.log");
    writeFileSync(log, lines.map((line) => `${line.text}\n`).join(""));
    const start = performance.now();
    for (const jail of jails) {
      const filter = join(CONFIG, "filter.d", `${jail.filter.name}.conf`);
      execFileSync("fail2ban-regex", ["--print-no-missed", "--print-no-ignored", log, filter], {
        stdio: ["ignore", "ignore", "inherit"],
      });
    }
    return lines.length / ((performance.now() - start) / 1000);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
