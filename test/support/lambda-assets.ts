/** The Lambdas' assets as `cdk synth` makes them, zipped and unpacked as a deployment and Lambda do. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { LAMBDA_HANDLER, LAMBDA_RUNTIME, lambdaCode } from "../../cdk/bundle/lambda-code.ts";
import type { Architecture } from "../../cdk/bundle/target-runtime.ts";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";

export interface Asset {
  /** Unpacked, as Lambda has it in /var/task. */
  readonly folder: string;
  readonly zipBytes: number;
  readonly unzippedBytes: number;
  /** What Lambda is told of the function. */
  readonly runtime: string;
  readonly architecture: string;
}

export interface AssetOptions {
  readonly names: readonly string[];
  readonly ruleset: CompiledRuleset;
  readonly architecture: Architecture;
  /** An empty folder. */
  readonly into: string;
}

/** Synthesises a stack of these Lambdas and unpacks each one's asset; python3 zips, since Node cannot. */
export function synthesiseAssets({ names, ruleset, architecture, into }: AssetOptions): ReadonlyMap<string, Asset> {
  const app = new App({ outdir: join(into, "cdk.out"), analyticsReporting: false });
  const stack = new Stack(app, "Lambdas");
  const processor = architecture === "arm64" ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64;
  for (const name of names)
    new lambda.Function(stack, name, {
      runtime: LAMBDA_RUNTIME,
      handler: LAMBDA_HANDLER,
      architecture: processor,
      code: lambdaCode(name, { architecture: processor, ruleset }),
    });
  const { template } = app.synth().getStackArtifact("Lambdas");
  return new Map(
    names.map((name) => [name, unpack(join(into, "cdk.out"), functionOf(template, name), join(into, name))]),
  );
}

interface FunctionProperties {
  readonly Runtime: string;
  readonly Architectures: readonly string[];
  readonly Code: { readonly S3Key: string };
}

function functionOf(template: { readonly Resources: Readonly<Record<string, unknown>> }, name: string) {
  const [, found] = Object.entries(template.Resources).find(
    ([id, resource]) => id.startsWith(name) && (resource as { Type: string }).Type === "AWS::Lambda::Function",
  )!;
  return (found as { Properties: FunctionProperties }).Properties;
}

function unpack(assembly: string, { Code, Runtime, Architectures }: FunctionProperties, into: string): Asset {
  const staged = join(assembly, `asset.${Code.S3Key.replace(/\.zip$/, "")}`);
  const zip = `${into}.zip`;
  mkdirSync(into);
  execFileSync("python3", ["-m", "zipfile", "-c", zip, ...readdirSync(staged)], { cwd: staged });
  execFileSync("python3", ["-m", "zipfile", "-e", zip, into]);
  return {
    folder: into,
    zipBytes: statSync(zip).size,
    unzippedBytes: sizeOf(into),
    runtime: Runtime,
    architecture: Architectures[0]!,
  };
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
