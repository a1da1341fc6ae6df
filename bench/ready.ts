/** From the start of import until ten jails are compiled and have matched a line: what a cold start waits for. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { CONFIG } from "./jails.ts";

const RUNS = 7;

/** Median ms in a fresh process, from one bundle as it would be deployed; re2 is loaded from node_modules. */
export async function measureReady(): Promise<number> {
  const folder = mkdtempSync(join(import.meta.dirname, "../node_modules/.bench-"));
  try {
    const outfile = join(folder, "ready.mjs");
    await build({
      entryPoints: [join(import.meta.dirname, "ready-entry.ts")],
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      format: "esm",
      external: ["re2", "classic-level"],
      logLevel: "error",
    });
    const times = Array.from({ length: RUNS }, () =>
      Number(execFileSync(process.execPath, [outfile, CONFIG], { encoding: "utf8" })),
    );
    return times.sort((left, right) => left - right)[RUNS >> 1]!;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
