/**
 * The cloud on one machine: the synthesised Lambdas under their own Node, tables, their stream, Systems Manager, and hosts.
 *
 * What is real: the assets, the Node and re2 they run on, the SDK's requests, the conditions on the tables (dynalite), the
 * document, the host script and the kernels. What stands in for AWS: the runtime interface, the stream, and the services
 * that answer SendCommand, Publish and SendMessage; each has a port on loopback, to which the SDK's own variables point.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { compileRuleset } from "../../cdk/compile-ruleset.ts";
import { readSettings } from "../../cdk/settings.ts";
import { hostDocument } from "../../shared/contract/host-document.ts";
import { hostScript } from "../../shared/contract/host-script.ts";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";
import type { Backend } from "../adapters/firewall-rig.ts";
import { type StandIn, startStandIn } from "../support/aws-stand-in.ts";
import { type Engine, openEngine } from "../support/dynalite.ts";
import { synthesiseAssets } from "../support/lambda-assets.ts";
import { type LambdaFunction, startLambda } from "../support/lambda-runtime.ts";
import { createNetwork, type Network } from "../support/netns.ts";
import type { LambdaParts } from "../support/node24.ts";
import { createSsmStandIn, type SsmStandIn } from "../support/ssm-agent.ts";
import { ssmOverHttp } from "../support/ssm-wire.ts";
import { openTableStream, type TableStream } from "../support/stream/stream.ts";

export const LOG_GROUP = "/var/log/haproxy";
const TAG = { key: "fleet2ban", value: "host" };
const DOCUMENT = { name: "fleet2ban-cloud", content: JSON.stringify(hostDocument(hostScript)) };

export interface CloudRig {
  readonly engine: Engine;
  readonly stream: TableStream;
  readonly ssm: SsmStandIn;
  /** SNS and SQS: what was asked of them. */
  readonly others: StandIn;
  readonly hosts: ReadonlyMap<Backend, Network>;
  lambda(name: string): LambdaFunction;
  /** The same Lambda in a process of its own, whose clock is so many ms ahead. */
  lambdaAhead(name: string, ms: number): Promise<LambdaFunction>;
  /**
   * Hands enforce (or another process of it) what the stream holds, as the event source mapping does, until nothing is
   * left; then the hosts have run it all.
   */
  drain(enforce?: LambdaFunction): Promise<void>;
  /** What all processes wrote so far. */
  log(): readonly string[];
  destroy(): Promise<void>;
}

export interface CloudRigOptions {
  readonly parts: LambdaParts;
  /** jail.local and whatever else, by path in the configuration directory. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly lambdas: readonly string[];
  /** A host for each. */
  readonly backends: readonly Backend[];
}

export async function createCloudRig(options: CloudRigOptions): Promise<CloudRig> {
  const { parts, lambdas, backends } = options;
  const ends: (() => unknown)[] = [];
  const destroy = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const folder = mkdtempSync(join(tmpdir(), "fleet2ban-cloud-"));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    const ruleset = rulesetOf(options.configuration, join(folder, "config"));
    const assets = synthesiseAssets({ names: lambdas, ruleset, architecture: parts.architecture, into: folder });

    const engine = await openEngine();
    ends.push(() => engine.close());
    const stream = await openTableStream({ upstream: engine, table: engine.tables.bans });
    ends.push(() => stream.close());
    const hosts = new Map(backends.map((backend) => [backend, createNetwork()]));
    ends.push(() => {
      for (const net of hosts.values()) net.destroy();
    });
    const ssm = createSsmStandIn({
      document: DOCUMENT,
      tag: TAG,
      hosts: [...hosts].map(([backend, net]) => ({
        id: `i-${backend}`,
        namespace: net.host,
        env: { FLEET2BAN_STATE: join(folder, `state-${backend}`), FLEET2BAN_BACKEND: backend },
      })),
    });
    ends.push(() => ssm.close());
    const ssmPort = await ssmOverHttp(ssm);
    ends.push(() => ssmPort.close());
    const others = await startStandIn({
      Publish: () => "<MessageId>1</MessageId>",
      SendMessage: ({ MessageBody }) => ({
        MessageId: "1",
        MD5OfMessageBody: createHash("md5").update(String(MessageBody)).digest("hex"),
      }),
    });
    ends.push(() => others.close());

    const environment = {
      ...environmentOf(engine),
      DYNAMODB_ENDPOINT: stream.endpoint,
      AWS_ENDPOINT_URL_SSM: ssmPort.url,
      AWS_ENDPOINT_URL_SNS: others.url,
      AWS_ENDPOINT_URL_SQS: others.url,
    };
    const started: LambdaFunction[] = [];
    const start = async (name: string, clockAhead = 0) => {
      const { folder: task } = assets.get(name)!;
      const lambda = await startLambda({
        name,
        folder: task,
        node: parts.node,
        environment,
        timeoutMs: 60_000,
        clockAhead,
      });
      started.push(lambda);
      ends.push(() => lambda.stop());
      return lambda;
    };
    const warm = new Map<string, LambdaFunction>();
    for (const name of lambdas) warm.set(name, await start(name));
    return {
      engine,
      stream,
      ssm,
      others,
      hosts,
      lambda: (name) => warm.get(name)!,
      log: () => started.flatMap(({ log }) => log),
      lambdaAhead: start,
      async drain(enforce = warm.get("enforce")!) {
        for (let records = stream.take(1_000); records.length > 0; records = stream.take(1_000)) {
          const outcome = await enforce.resultOf({ Records: records });
          if (JSON.stringify(outcome) !== '{"batchItemFailures":[]}')
            throw new Error(`enforce: ${JSON.stringify(outcome)}\n${enforce.log.join("\n")}`);
        }
        await ssm.idle();
      },
      destroy,
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}

/** What CloudWatch Logs sends to a subscribed Lambda: the same text for the same lines, as in a redelivery. */
export function subscriptionEvent(lines: readonly { readonly at: number; readonly text: string }[]): unknown {
  const payload = {
    messageType: "DATA_MESSAGE",
    owner: "123456789012",
    logGroup: LOG_GROUP,
    logStream: "i-0123456789abcdef0",
    subscriptionFilters: ["fleet2ban"],
    logEvents: lines.map(({ at, text }, i) => ({
      id: createHash("sha256").update(`${at} ${i} ${text}`).digest("hex").slice(0, 56),
      timestamp: at,
      message: text,
    })),
  };
  return { awslogs: { data: gzipSync(JSON.stringify(payload)).toString("base64") } };
}

/** Compiles the files as `cdk synth` does; addresses of the namespaces are private and may be banned here. */
function rulesetOf(files: Readonly<Record<string, string>>, folder: string): CompiledRuleset {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const settings = readSettings({ configuration: folder, mode: "enforce", neverBan: [] }, "the test");
  return compileRuleset(settings).ruleset;
}

function environmentOf({ tables }: Engine): Record<string, string> {
  return {
    STACK_NAME: "cloud",
    WINDOWS_TABLE: tables.windows,
    BANS_TABLE: tables.bans,
    CONTROL_TABLE: tables.control,
    ALARM_TOPIC_ARN: "arn:aws:sns:eu-central-1:123456789012:alarms",
    SET_ASIDE_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/set-aside",
    DOCUMENT_NAME: DOCUMENT.name,
    SCRIPT_VERSION: hostScript.version,
    SCRIPT_SHA256: hostScript.sha256,
    TARGET_TAG_KEY: TAG.key,
    TARGET_TAG_VALUE: TAG.value,
  };
}
