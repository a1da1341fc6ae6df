/** Many storms: bundled once, with a guard broken on the way where that is asked for, and run by as many processes as pay. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build, type Plugin } from "esbuild";
import type { StormReport } from "./storm.ts";

/** A text of a source file, which stands there once, and what stands there instead. */
export interface Break {
  /** From the repository's root. */
  readonly file: string;
  readonly guard: string;
  readonly broken: string;
}

const REPOSITORY = join(import.meta.dirname, "../..");

/**
 * The reports of the seeds `from` to `from + count - 1`, in their order. `isEnough` hears of each as it comes; where it says
 * so, no further seed is begun, and the reports so far are all there are. Throws where a process ends in any other way but
 * well, and where the text to break is not found once.
 */
export async function runStorms(
  from: number,
  count: number,
  broken?: Break,
  isEnough: (report: StormReport) => boolean = () => false,
): Promise<readonly StormReport[]> {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-storm-"));
  try {
    symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
    const outfile = join(folder, "storm.mjs");
    await build({
      entryPoints: [join(REPOSITORY, "test/storm/storm-process.ts")],
      plugins: broken === undefined ? [] : [breaking(broken)],
      ...{ outfile, bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "silent" },
    });
    const processes = Math.min(availableParallelism(), count);
    const reports: StormReport[] = [];
    const stop = new AbortController();
    const take = (report: StormReport) => {
      reports.push(report);
      if (isEnough(report)) stop.abort();
    };
    const shares = Array.from({ length: processes }, (_, nth) =>
      runProcess([outfile, from + nth, count - nth, processes].map(String), take, stop.signal),
    );
    await Promise.all(shares);
    return reports.sort((a, b) => a.seed - b.seed);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runProcess(args: readonly string[], take: (report: StormReport) => void, stop: AbortSignal) {
  // Most of what a storm makes is forgotten at once: with room for it, there is little to clean up.
  const child = spawn(process.execPath, ["--max-semi-space-size=64", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  stop.addEventListener("abort", () => child.kill());
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!stop.aborted) take(JSON.parse(line) as StormReport);
  });
  const [code] = await once(child, "close");
  if (code !== 0 && !stop.aborted) throw new Error(`a process of storms ended with ${code}: ${args.join(" ")}`);
}

/** Breaks the source on its way into the bundle; the repository stays as it is. */
function breaking({ file, guard, broken }: Break): Plugin {
  return {
    name: "broken-guard",
    setup({ onLoad, onEnd }) {
      let found = false;
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (path !== join(REPOSITORY, file)) return undefined;
        const source = readFileSync(path, "utf8");
        if (source.split(guard).length !== 2) throw new Error(`${file} has not once: ${guard}`);
        found = true;
        return { contents: source.replace(guard, () => broken), loader: "ts" };
      });
      onEnd(() => {
        if (!found) throw new Error(`no storm runs ${file}`);
      });
    },
  };
}
