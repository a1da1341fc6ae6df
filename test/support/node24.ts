/**
 * The Lambdas' own Node and re2, for tests that run real assets: a Node of the runtime's version from npm, and the addon
 * that the build would ship, both kept in the cache of the build.
 *
 * Where they cannot be had the tests are skipped with a line that says what is missing; on CI that is a failure.
 */
import { cacheFolder, type Say } from "../../cdk/bundle/build-cache.ts";
import { nodeRelease } from "../../cdk/bundle/node-release.ts";
import { obtainRe2 } from "../../cdk/bundle/re2-binary.ts";
import { type Architecture, TARGET_RUNTIME } from "../../cdk/bundle/target-runtime.ts";

export interface LambdaParts {
  /** This machine's, which the program runs on. */
  readonly architecture: Architecture;
  /** Path of the `node` program. */
  readonly node: string;
  /** Path of re2's addon for it. */
  readonly re2: string;
}

/** Gets both, which takes minutes the first time. Undefined, with a warning, where this machine cannot. */
export async function lambdaParts(): Promise<LambdaParts | undefined> {
  const { platform, arch } = process;
  if (platform !== "linux" || (arch !== "x64" && arch !== "arm64")) return lacking(`Linux, and this is ${platform}`);
  try {
    const { program } = await nodeRelease(cacheFolder(), arch, say);
    return { architecture: arch, node: program, re2: await obtainRe2(arch, { say }) };
  } catch (error) {
    // Whoever has no registry and no compiler can still run the rest of the tests; CI has both.
    return lacking(`Node ${TARGET_RUNTIME.node} and re2 for it: ${error instanceof Error ? error.message : error}`);
  }
}

const say: Say = (line) => console.warn(`fleet2ban: ${line}`);

function lacking(what: string): undefined {
  if (process.env.CI === "true") throw new Error(`needs ${what}`);
  console.warn(`skipped: needs ${what}`);
}
