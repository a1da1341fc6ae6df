/**
 * re2's addon for the Lambdas: from the cache, else as its author built it, else compiled here; never unjudged.
 *
 * The addon in node_modules is for the Node that runs this and is never shipped. Whatever the way, the guard reads the
 * bytes before they are kept and again before they are used.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { buildInto, cacheFolder, type Say, sayOnStderr, withLock } from "./build-cache.ts";
import { judgeAddon } from "./native-guard.ts";
import { compileRe2 } from "./re2-compile.ts";
import { fetchPrebuilt, GITHUB } from "./re2-prebuilt.ts";
import { type Architecture, TARGET_RUNTIME } from "./target-runtime.ts";

/** How an addon is had: each puts it somewhere below `scratch` and returns its path. */
export interface Way {
  /** "GitHub's prebuilt", for messages. */
  readonly name: string;
  readonly get: (architecture: Architecture, scratch: string) => Promise<string>;
}

export interface ObtainOptions {
  readonly cache?: string;
  readonly say?: Say;
  /** Tried in this order. */
  readonly ways?: readonly Way[];
}

/** The addon's path in the cache, if it is there and fits. */
export function cachedRe2(architecture: Architecture, cache: string = cacheFolder()): string | undefined {
  const path = join(cache, fileName(architecture));
  return existsSync(path) && judgeAddon(readFileSync(path), architecture).kind === "fits" ? path : undefined;
}

/** Gets the addon into the cache, which may take minutes; processes that ask at once wait for one. Rejects with every way's reason. */
export async function obtainRe2(
  architecture: Architecture,
  { cache = cacheFolder(), say = sayOnStderr, ways = defaultWays(cache, say) }: ObtainOptions = {},
): Promise<string> {
  const target = join(cache, fileName(architecture));
  return await withLock(`${target}.lock`, say, async () => {
    const cached = cachedRe2(architecture, cache);
    if (cached !== undefined) return cached;
    const reasons: string[] = [];
    for (const way of ways) {
      const reason = await attempt(way, architecture, target);
      if (reason === undefined) return target;
      say(`re2 for ${architecture} by ${way.name}: ${reason}`);
      reasons.push(`- ${way.name}: ${reason}`);
    }
    throw new Error(`no re2 that runs on ${TARGET_RUNTIME.name} (${architecture}) can be had:\n${reasons.join("\n")}`);
  });
}

/** Why the way led nowhere, or undefined: the addon is at the target. */
async function attempt(way: Way, architecture: Architecture, target: string): Promise<string | undefined> {
  try {
    await buildInto(target, async (scratch) => {
      const path = await way.get(architecture, scratch);
      const verdict = judgeAddon(readFileSync(path), architecture);
      if (verdict.kind === "refused") throw new Error(`it would not load: ${verdict.reasons.join("; ")}`);
      return path;
    });
    return undefined;
  } catch (error) {
    // The next way is tried; if it was the last, all reasons go to the person who deploys.
    return error instanceof Error ? error.message : String(error);
  }
}

function defaultWays(cache: string, say: Say): readonly Way[] {
  const { version, artifactHashes } = re2Package();
  const mirror = process.env.RE2_DOWNLOAD_MIRROR || GITHUB;
  const prebuilt: Way = {
    name: `prebuilt from ${mirror} (another: RE2_DOWNLOAD_MIRROR)`,
    get: async (architecture, scratch) => {
      const path = join(scratch, "re2.node");
      const source = { version, hashes: artifactHashes, mirror, timeoutMs: 30_000 };
      writeFileSync(path, await fetchPrebuilt(architecture, source));
      return path;
    },
  };
  const compiled: Way = {
    name: "compiler",
    get: async (architecture, scratch) => await compileRe2(architecture, { cache, scratch, say }),
  };
  return process.env.RE2_DOWNLOAD_FORCE_BUILD ? [compiled] : [prebuilt, compiled];
}

function fileName(architecture: Architecture): string {
  return `re2-${re2Package().version}-linux-${architecture}-${TARGET_RUNTIME.abi}.node`;
}

function re2Package(): { readonly version: string; readonly artifactHashes: Readonly<Record<string, string>> } {
  return JSON.parse(readFileSync(createRequire(import.meta.url).resolve("re2/package.json"), "utf8"));
}
