/**
 * The assets that `cdk synth` makes of the real Lambdas, unpacked and run as Lambda runs them: under the runtime's Node,
 * by its runtime interface, with tables behind them. Prints sizes and cold starts.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { App, Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LAMBDA_HANDLER, LAMBDA_RUNTIME, lambdaCode } from "../../cdk/bundle/lambda-code.ts";
import { judgeAddon } from "../../cdk/bundle/native-guard.ts";
import { TARGET_RUNTIME } from "../../cdk/bundle/target-runtime.ts";
import { compileRuleset } from "../../cdk/compile-ruleset.ts";
import { readSettings } from "../../cdk/settings.ts";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";
import { type Engine, openEngine } from "../support/dynalite.ts";
import { type Asset, synthesiseAssets } from "../support/lambda-assets.ts";
import { type Cold, type LambdaFunction, startLambda } from "../support/lambda-runtime.ts";
import { lambdaParts } from "../support/node24.ts";
import { available } from "../support/require.ts";

const ROOT = join(import.meta.dirname, "../..");
const LAMBDAS = join(ROOT, "lambdas");
const NAMES = readdirSync(LAMBDAS).filter((name) => existsSync(join(LAMBDAS, name, "index.ts")));
/** The functions that match log lines. */
const MATCHING = ["enforce", "ingest"];
/** Starts that a median is taken of. */
const STARTS = 5;
const MB = 1_000_000;

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-assets-"));
  folders.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const ruleset = compileRuleset(readSettings({}, "the test")).ruleset;
const parts = await lambdaParts();

describe.skipIf(parts === undefined || !available(["python3"]))("the assets", { timeout: 120_000 }, () => {
  let assets: ReadonlyMap<string, Asset>;
  let engine: Engine;
  beforeAll(async () => {
    assets = synthesiseAssets({ names: NAMES, ruleset, architecture: parts!.architecture, into: newFolder() });
    engine = await openEngine();
  }, 300_000);
  afterAll(() => engine?.close());

  const environment = () => ({
    STACK_NAME: "assets",
    WINDOWS_TABLE: engine.tables.windows,
    BANS_TABLE: engine.tables.bans,
    CONTROL_TABLE: engine.tables.control,
    DYNAMODB_ENDPOINT: engine.endpoint,
    ALARM_TOPIC_ARN: "arn:aws:sns:eu-central-1:123456789012:alarms",
    SET_ASIDE_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/set-aside",
    DOCUMENT_NAME: "fleet2ban",
    SCRIPT_VERSION: "1",
    SCRIPT_SHA256: "00",
    TARGET_TAG_KEY: "fleet2ban",
    TARGET_TAG_VALUE: "host",
    MAIL_TOPICS: "{}",
  });

  it.each(NAMES)("of %s is small, for the right runtime, and loads under it", (name) => {
    const asset = assets.get(name)!;
    expect(asset).toMatchObject({
      runtime: "nodejs24.x",
      architecture: parts!.architecture === "arm64" ? "arm64" : "x86_64",
    });
    // Lambda's own limit is 250 MB; ours is what a cold start should load.
    expect(asset.unzippedBytes).toBeLessThan(5 * MB);
    expect(asset.zipBytes).toBeLessThan(2 * MB);
    // Or two people who deploy the same would upload different code.
    expect(readFileSync(join(asset.folder, "index.mjs"), "utf8")).not.toContain(ROOT);
    expect(JSON.parse(readFileSync(join(asset.folder, "ruleset.json"), "utf8"))).toEqual(ruleset);

    const program = `
      const began = performance.now();
      const { handler } = await import(process.argv[1]);
      console.log(JSON.stringify([process.versions.modules, typeof handler, performance.now() - began]));`;
    const loads = Array.from({ length: STARTS }, () => {
      const said = execFileSync(parts!.node, ["--input-type=module", "-e", program, join(asset.folder, "index.mjs")], {
        env: { ...environment(), AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
        encoding: "utf8",
      });
      const [abi, kind, ms] = JSON.parse(said);
      expect([abi, kind]).toEqual([TARGET_RUNTIME.abi, "function"]);
      return ms;
    });
    console.log(
      `${name}: zip ${asset.zipBytes} bytes, unzipped ${asset.unzippedBytes} bytes, import ${median(loads)} ms`,
    );
  });

  it("carry re2 where lines are matched, and nowhere else", () => {
    const addon = (name: string) => join(assets.get(name)!.folder, "node_modules/re2/build/Release/re2.node");
    const carrying = NAMES.filter((name) => existsSync(addon(name)));
    expect(carrying).toEqual(expect.arrayContaining(MATCHING.filter((name) => NAMES.includes(name))));
    expect(carrying).not.toContain("sweep");
    for (const name of carrying)
      expect(judgeAddon(readFileSync(addon(name)), parts!.architecture), name).toMatchObject({ kind: "fits" });
  });

  it("of ingest takes a payload and leaves ban rows, from a cold start", async () => {
    const ingest = await startLambda({
      name: "ingest",
      folder: assets.get("ingest")!.folder,
      node: parts!.node,
      environment: environment(),
    });
    try {
      const cold: Cold[] = [];
      for (let start = 1; start <= STARTS; start += 1) {
        const address = `192.0.2.${start}`;
        const outcome = await ingest.invoke(payload(address));
        expect(outcome, ingest.log.join("\n")).toMatchObject({ kind: "result", value: { batchItemFailures: [] } });
        if (outcome.kind === "result") cold.push(outcome.cold!);
        expect(await banned(engine)).toContain(`${address} haproxy-noserver`);
        ingest.recycle();
      }
      console.log(
        `ingest, cold: import ${median(cold.map(({ load }) => load))} ms, import to first result ${median(cold.map(({ total }) => total))} ms (median of ${STARTS})`,
      );
    } finally {
      await ingest.stop();
    }
  });

  it("of ingest goes on after a payload that is none", async () => {
    const queue: LambdaFunction = await startLambda({
      name: "ingest",
      folder: assets.get("ingest")!.folder,
      node: parts!.node,
      // Nobody listens there: setting aside fails, so the event is asked for again, and the process lives on.
      environment: { ...environment(), AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:1" },
      timeoutMs: 60_000,
    });
    try {
      expect(await queue.invoke({ awslogs: { data: "bm9uZQ==" } })).toMatchObject({ kind: "error" });
      expect(await queue.invoke(payload("198.51.100.7"))).toMatchObject({ kind: "result" });
      expect(await banned(engine)).toContain("198.51.100.7 haproxy-noserver");
    } finally {
      await queue.stop();
    }
  });
});

describe("the code of a Lambda", () => {
  /** The assets' names in the template of a stack with one function for each ruleset. */
  function keysOf(given: readonly CompiledRuleset[], context: Record<string, unknown> = {}, name = "sweep") {
    const app = new App({ outdir: join(newFolder(), "cdk.out"), analyticsReporting: false, context });
    const stack = new Stack(app, "One");
    for (const [i, each] of given.entries())
      new lambda.Function(stack, `${name}${i}`, {
        runtime: LAMBDA_RUNTIME,
        handler: LAMBDA_HANDLER,
        code: lambdaCode(name, { architecture: lambda.Architecture.X86_64, ruleset: each }),
      });
    const { template } = app.synth().getStackArtifact("One");
    const resources: { Type: string; Properties: { Code: { S3Key: string } } }[] = Object.values(template.Resources);
    const keys = resources
      .filter(({ Type }) => Type === "AWS::Lambda::Function")
      .map(({ Properties }) => Properties.Code.S3Key.replace(/\.zip$/, ""));
    return { keys, stages: keys.map((key) => join(app.outdir, `asset.${key}`)) };
  }

  const another = { ...ruleset, hash: "another" };

  it("has one name as long as nothing changes", () => {
    expect(keysOf([ruleset]).keys).toEqual(keysOf([ruleset]).keys);
  });

  it("has another name for another ruleset, in one app too", () => {
    const { keys, stages } = keysOf([ruleset, another]);
    expect(keys[0]).not.toBe(keys[1]);
    const hashes = stages.map((stage) => JSON.parse(readFileSync(join(stage, "ruleset.json"), "utf8")).hash);
    expect(hashes).toEqual([ruleset.hash, "another"]);
  });

  it("is not bundled where a test of templates asks for none", () => {
    expect(readdirSync(keysOf([ruleset]).stages[0]!)).toEqual(["index.mjs", "ruleset.json"]);
    expect(existsSync(keysOf([ruleset], { "aws:cdk:bundling-stacks": [] }).stages[0]!)).toBe(false);
  });

  it("stops the synthesis where no addon can be had", () => {
    const { XDG_CACHE_HOME, RE2_DOWNLOAD_MIRROR, PATH } = process.env;
    // No cache, a mirror that refuses, no compiler and no npm.
    Object.assign(process.env, {
      XDG_CACHE_HOME: newFolder(),
      RE2_DOWNLOAD_MIRROR: "http://127.0.0.1:1",
      PATH: newFolder(),
    });
    try {
      expect(() => keysOf([ruleset], {}, "ingest")).toThrow("re2 for nodejs24.x on x64 cannot be had; see above");
    } finally {
      for (const [name, value] of Object.entries({ XDG_CACHE_HOME, RE2_DOWNLOAD_MIRROR, PATH })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it("is asked for by a name that there is", () => {
    const options = { architecture: lambda.Architecture.ARM_64, ruleset };
    expect(() => lambdaCode("swep", options)).toThrow("there is no Lambda swep");
  });
});

function median(values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!);
}

/** Five requests of one address that no backend took: one more than the default jail bears. */
function payload(address: string): unknown {
  const at = Date.now();
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString())!;
  const message = `haproxy[760]: ${address}:58430 [${day}/${month}/${year}:${time}.603] www www/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 "GET /x HTTP/1.1"`;
  const data = {
    messageType: "DATA_MESSAGE",
    owner: "123456789012",
    logGroup: Object.keys(ruleset.logGroups)[0],
    logStream: "i-0123456789abcdef0",
    subscriptionFilters: ["fleet2ban"],
    logEvents: Array.from({ length: 5 }, (_, i) => ({ id: `${address}-${i}`.padEnd(56, "0"), timestamp: at, message })),
  };
  return { awslogs: { data: gzipSync(JSON.stringify(data)).toString("base64") } };
}

async function banned({ client, tables }: Engine): Promise<readonly string[]> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: tables.bans, ConsistentRead: true }));
  return Items.map(({ id, jail }) => `${id!.S} ${jail!.S}`);
}
