/**
 * A deployed stack as the command line meets it: its tables in a real engine, and what SSM, STS, CloudWatch Logs and SNS
 * would answer on loopback.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { runCommandLine } from "../../../cli/main.ts";
import { type CloudState, createCloudState } from "../../../shared/adapters/aws/dynamodb/cloud-state.ts";
import type { CompiledRuleset } from "../../../shared/contract/ruleset.ts";
import type { StackDescription } from "../../../shared/contract/stack-description.ts";
import { compileConfiguration } from "../../../shared/core/config/compile-configuration.ts";
import { examine } from "../../../shared/core/config/examine.ts";
import { type Answers, Fault, type StandIn, startStandIn } from "../../support/aws-stand-in.ts";
import { filesFrom } from "../../support/config-files.ts";
import { type Engine, openEngine } from "../../support/dynalite.ts";
import { webAndDeep } from "../jails.ts";
import { createTerminalDouble } from "../terminal-double.ts";

const BIN = join(import.meta.dirname, "../../../cli/bin.mjs");

export const ARN = "arn:aws:sts::111122223333:assumed-role/Operator/ann";

/** web reads two log groups, deep one of them. */
const JAILS = webAndDeep("/var/log/web.log");

export function rulesetOf(jails = JAILS): CompiledRuleset {
  const { filters, problems } = examine(compileConfiguration(filesFrom({ "jail.conf": jails })), () => 0, 1);
  if (filters.length === 0) throw new Error(problems.map(({ message }) => message).join("\n"));
  return {
    format: 1,
    hash: "ruleset-1",
    jails: filters.map(({ jail }) => jail),
    observed: [],
    logGroups: { "/var/log/web": ["web", "deep"], "/srv/web": ["web"] },
    lists: {},
    neverBan: ["172.31.0.0/16"],
    bansPerMinute: 300,
  };
}

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface StackRig {
  readonly state: CloudState;
  readonly standIn: StandIn;
  readonly engine: Engine;
  /** Answers of services; a test replaces what it needs. */
  readonly answers: Record<string, Answers[string]>;
  readonly description: StackDescription;
  /** The command line in this process. */
  run(...argv: readonly string[]): Promise<Said>;
  /** The same as a program of its own. */
  spawn(...argv: readonly string[]): Promise<Said>;
  /** Empties the tables, adopts the ruleset, and gives the first answers back. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function openStackRig(): Promise<StackRig> {
  const engine = await openEngine();
  const { windows: windowsTable, bans: bansTable, control: controlTable } = engine.tables;
  const description: StackDescription = {
    ...{ format: 1, version: "1.0.0", windowsTable, bansTable, controlTable },
    documentName: "fleet2ban-prod",
    ...{ targetTagKey: "Role", targetTagValue: "haproxy" },
    alarmTopicArn: "arn:aws:sns:eu-central-1:111122223333:alarms",
    ingestFunction: "fleet2ban-prod-ingest",
    logGroups: ["/var/log/web", "/srv/web"],
  };
  const first: Answers = {
    GetCallerIdentity: () => `<Arn>${ARN}</Arn><UserId>x</UserId><Account>111122223333</Account>`,
    GetParameter: ({ Name }) => {
      if (Name !== "/fleet2ban/prod") throw new Fault("ParameterNotFound", "");
      return { Parameter: { Name, Value: JSON.stringify(description) } };
    },
    GetParametersByPath: () => ({ Parameters: [{ Name: "/fleet2ban/prod" }, { Name: "/fleet2ban/test" }] }),
    DescribeInstanceInformation: () => ({ InstanceInformationList: [instance("i-0a"), instance("i-0b")] }),
  };
  const answers: Record<string, Answers[string]> = { ...first };
  const standIn = await startStandIn(answers);
  const state = createCloudState(engine.client, engine.tables);
  const env = {
    AWS_ENDPOINT_URL: standIn.url,
    DYNAMODB_ENDPOINT: engine.endpoint,
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_CONFIG_FILE: "/nonexistent",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  Object.assign(process.env, env);
  return {
    ...{ state, standIn, engine, answers, description },
    async run(...argv) {
      const double = createTerminalDouble({ ...process.env, NO_COLOR: "1" });
      const code = await runCommandLine(argv, double.terminal);
      return { code, out: double.out(), err: double.err() };
    },
    spawn: (...argv) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [BIN, ...argv], { env: { ...process.env, ...env, TZ: "UTC" } });
        let out = "";
        let err = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          out += text;
        });
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          err += text;
        });
        child.on("close", (code) => resolve({ code: code ?? -1, out, err }));
      }),
    async reset() {
      for (const name of Object.keys(answers)) delete answers[name];
      Object.assign(answers, first);
      await engine.empty();
      const ruleset = rulesetOf();
      await state.editions.replace(
        { hash: ruleset.hash, revision: 7, since: Date.now(), ruleset: JSON.stringify(ruleset) },
        undefined,
      );
      standIn.asked.length = 0;
    },
    async close() {
      for (const name of Object.keys(env)) delete process.env[name];
      await standIn.close();
      await engine.close();
    },
  };
}

/** An instance as SSM describes it. */
export function instance(id: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    InstanceId: id,
    PingStatus: "Online",
    LastPingDateTime: Date.now() / 1000,
    AgentVersion: "3.3.3572.0",
    PlatformName: "Amazon Linux",
    PlatformVersion: "2023",
    IPAddress: id === "i-0a" ? "203.0.113.10" : "203.0.113.11",
    ...more,
  };
}
