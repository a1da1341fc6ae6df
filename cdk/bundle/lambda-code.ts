/**
 * A Lambda's code for CDK: bundled in place, without Docker, and only for stacks that are really synthesised.
 *
 * CDK itself leaves the bundling out where the context says `"aws:cdk:bundling-stacks": []`, as unit tests of templates do.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";
import { cachedRe2 } from "./re2-binary.ts";
import { stageLambda } from "./stage-lambda.ts";
import { type Architecture, TARGET_RUNTIME } from "./target-runtime.ts";

const LAMBDAS = fileURLToPath(new URL("../../lambdas", import.meta.url));

/** The runtime of every function: the one that the bundle and its addon are made for. */
export const LAMBDA_RUNTIME = new lambda.Runtime(TARGET_RUNTIME.name, lambda.RuntimeFamily.NODEJS);
/** The handler of every function in its asset. */
export const LAMBDA_HANDLER = "index.handler";

export interface LambdaCodeOptions {
  readonly architecture: lambda.Architecture;
  readonly ruleset: CompiledRuleset;
}

/**
 * The asset of lambdas/NAME. The first one that needs re2's addon may wait minutes for it (then it is cached); progress is
 * told on standard error. Throws, in words, where no addon can be had or the bundle is not what it must be.
 */
export function lambdaCode(name: string, { architecture, ruleset }: LambdaCodeOptions): lambda.AssetCode {
  const folder = join(LAMBDAS, name);
  const entry = join(folder, "index.ts");
  if (!existsSync(entry)) throw new Error(`there is no Lambda ${name}: ${entry} is missing`);
  const target = processorOf(architecture);
  const text = JSON.stringify(ruleset);
  return lambda.Code.fromAsset(folder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: the local bundling below always does it, or throws.
      image: DockerImage.fromRegistry("none"),
      local: {
        tryBundle(into: string): boolean {
          stageLambda({ entry, architecture: target, ruleset: text, into, re2: re2Now });
          return true;
        },
      },
      // CDK bundles once for equal options and sees no function in them: this tells rulesets and processors apart.
      environment: { ARCHITECTURE: target, RULESET: createHash("sha256").update(text).digest("hex") },
    },
  });
}

function processorOf(architecture: lambda.Architecture): Architecture {
  return architecture.name === lambda.Architecture.ARM_64.name ? "arm64" : "x64";
}

/** The addon's path. Constructs cannot wait for promises, so where it is not cached a child process gets it. */
function re2Now(architecture: Architecture): string {
  const cached = cachedRe2(architecture);
  if (cached !== undefined) return cached;
  const program = ["--import", "tsx", "obtain-re2.ts", architecture];
  try {
    return execFileSync(process.execPath, program, {
      // tsx is looked up from here.
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
    }).trim();
  } catch (cause) {
    // Stops the synthesis: the child has said why on standard error.
    throw new Error(`re2 for ${TARGET_RUNTIME.name} on ${architecture} cannot be had; see above`, { cause });
  }
}
