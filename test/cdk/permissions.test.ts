/**
 * The roles and the adapters: a function may ask for exactly what its ports ask for. Each function's ports are called with
 * clients that only write down what they are asked, once as if all went well and once as if somebody was first.
 */
import { randomBytes } from "node:crypto";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SNSClient } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { SSMClient } from "@aws-sdk/client-ssm";
import { beforeAll, describe, expect, it } from "vitest";
import { type CloudState, createCloudState } from "../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { createSetAside } from "../../shared/adapters/aws/set-aside.ts";
import { createTopicAlarm } from "../../shared/adapters/aws/sns/topic-alarm.ts";
import { createTopicMailbox } from "../../shared/adapters/aws/sns/topic-mailbox.ts";
import { createSsmFleet } from "../../shared/adapters/aws/ssm/fleet.ts";
import { createSsmInventory } from "../../shared/adapters/aws/ssm/inventory.ts";
import { createSsmReceipts } from "../../shared/adapters/aws/ssm/receipts.ts";
import { hostDocument } from "../../shared/contract/host-document.ts";
import { hostScript } from "../../shared/contract/host-script.ts";
import { ARMED } from "../../shared/core/detect/breaker.ts";
import { NO_METRICS } from "../../shared/ports/metrics.ts";
import { sampleBan } from "../contracts/samples.ts";
import { configurationOf, jail } from "./configuration.ts";
import { type Allowance, allowancesOf, grantedBy, type Request, requestsOf, statementsOfRole } from "./roles.ts";
import { type Synthesised, synthesise } from "./synthesise.ts";

const AT = Date.UTC(2026, 10, 22);
const BAN = sampleBan();
const KEY = { id: BAN.id, jail: BAN.jail };
/** One that fits its row, and one that does not. */
const EDITION = { hash: "h", revision: 2, since: AT, ruleset: "{}" };
const LONG_EDITION = { ...EDITION, ruleset: randomBytes(500_000).toString("hex") };
const TAG = { key: "fleet2ban", value: "host" };
const STREAM = { jail: "web", stream: "i-1" };
const ANSWER = { kind: "unreadable", message: "" } as const;

interface Clients {
  readonly ssm: SSMClient;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
}

type Call = (state: CloudState, clients: Clients) => unknown;

const collect = async (rows: AsyncIterable<unknown>) => {
  for await (const _ of rows);
};
const NO_FAILURES = { failures: [] } as unknown as Parameters<CloudState["windows"]["save"]>[1];
const NOTHING_OPEN = { lines: [] } as unknown as Parameters<CloudState["lineStates"]["save"]>[1];

const setAside: Call = (_, { sqs }) => createSetAside(sqs, "q/SetAside").put({ source: "", reason: "", body: "" });
const alarm: Call = (_, { sns }) => createTopicAlarm(sns, "Alarms").raise({ subject: "s", text: "t" });
const fleetOf = ({ commands }: CloudState, { ssm }: Clients) =>
  createSsmFleet({
    ...{ client: ssm, document: "ssm:document/fleet2ban-hosts", scriptSha256: hostScript.sha256, tag: TAG, commands },
    ...{ metrics: NO_METRICS, now: () => AT },
  });
const counting: readonly Call[] = [
  ({ windows }) => windows.load([KEY]),
  ({ windows }) => windows.save(KEY, NO_FAILURES, 0, AT),
  ({ windows }) => windows.save(KEY, NO_FAILURES, 3, AT),
  ({ bans }) => bans.put(BAN),
  ({ offenders }) => offenders.history(BAN.id),
  ({ offenders }) => offenders.record(BAN),
  ({ breakers }) => breakers.load("web"),
  ({ breakers }) => breakers.save("web", ARMED, 1),
  ({ holds }) => holds.hold(BAN),
  ({ totals }) => totals.add("batch", new Map([["web", { failed: 1, banned: 0 } as never]])),
  ({ lineStates }) => lineStates.load([STREAM]),
  ({ lineStates }) => lineStates.save(STREAM, NOTHING_OPEN, 0, AT),
  ({ control }) => control.entries(),
  setAside,
  alarm,
];
const adopting: readonly Call[] = [
  ({ editions }) => editions.current(),
  ({ editions }) => editions.replace(EDITION, undefined),
  ({ editions }) => editions.replace(LONG_EDITION, 1),
];
const pacing: readonly Call[] = [({ pace }) => pace.reserve("commands", 1000, AT, 5000)];

/** What each function's wiring hands to its use cases (lambdas/NAME/index.ts), and what they call. */
const CALLS: Readonly<Record<string, readonly Call[]>> = {
  Ingest: counting,
  Enforce: [
    ...counting,
    ...adopting,
    ...pacing,
    ({ pool }) => pool.lead("me", AT, AT + 1000),
    ({ pool }) => pool.begin("me"),
    ({ pool }) => pool.deposit({ who: "me", changes: [] }, AT),
    ({ pool }) => pool.deposits(),
    ({ pool }) => pool.remove(["other"]),
    (state, clients) => fleetOf(state, clients).apply([]),
  ],
  Sweep: [({ bans }) => bans.due(AT, 10), ({ bans }) => bans.lift(BAN, AT)],
  Reconcile: [
    ...adopting,
    ...pacing,
    ({ bans }) => collect(bans.inJail("web")),
    ({ commands }) => commands.opened(),
    ({ commands }) => commands.close("c"),
    ({ hosts }) => hosts.note({ host: "i-1", reply: ANSWER, command: "c", at: AT }),
    ({ hosts }) => hosts.all(),
    ({ hosts }) => hosts.forget("i-1"),
    (state, clients) => fleetOf(state, clients).reconcile([], { hosts: ["i-1"], asOf: AT }),
    (_, { ssm }) => createSsmInventory(ssm, TAG).hosts(),
    (_, { ssm }) => createSsmReceipts(ssm).collect("c"),
  ],
  Notify: [
    ...pacing,
    ({ marks }) => marks.noted(["a"]),
    ({ marks }) => marks.note("a", AT),
    setAside,
    (_, { sns }) =>
      createTopicMailbox(sns, new Map()).send("Mail", { subject: "s", text: "t", kind: "ban", jail: "web" }),
  ],
};

describe("the role allows what the function asks for, and nothing else", () => {
  let made: Synthesised;
  beforeAll(() => {
    made = synthesise({
      mode: "enforce",
      configuration: configurationOf({
        "jail.local": jail("web", ["logpath = /var/log/web.log"], { mail: "ops@example.org" }),
      }),
    });
  });

  it.each(Object.entries(CALLS))("%s", async (role, calls) => {
    const asked: Request[] = [];
    for (const somebodyWasFirst of [false, true]) {
      const state = createCloudState(tables(asked, somebodyWasFirst), TABLES, {
        now: () => AT,
        wait: async () => undefined,
      });
      // Refused throughout, some give up: what they asked for until then counts.
      for (const call of calls) await Promise.resolve(call(state, services(asked))).catch(() => undefined);
    }
    expect(asked.length).toBeGreaterThan(1);
    const allowances = allowancesOf(statementsOfRole(made, role)).map(plain).filter(isOfThePorts);
    const grants = asked.map((request) => grantedBy(request, allowances));
    expect(asked.filter((_, nth) => grants[nth] === undefined)).toEqual([]);
    const used = new Set(grants.flat());
    expect(allowances.filter((allowance) => !used.has(allowance))).toEqual([]);
  });
});

/** What a mapping, the runtime or a service asks for, with the function's role. */
function isOfThePorts({ action, resource }: Allowance): boolean {
  const byOthers = /DescribeStream|ListStreams|GetRecords|GetShardIterator|^kms:|^logs:/;
  return !byOthers.test(action) && !/Dead$/.test(resource);
}

/** A topic is called by its name here, whatever it is. */
function plain(allowance: Allowance): Allowance {
  return { ...allowance, resource: allowance.resource.replace(/^sns:fleet2ban-mail-[0-9a-f]{12}$/, "Mail") };
}

const TABLES = { windows: "windows", bans: "bans", control: "control" };
const NAMES = { windows: "Windows", bans: "Bans", control: "Control" };

/** A piece of a ruleset that does not fit its row, and the row that names it. */
const ROWS = [{ kind: { S: "edition-text x" }, key: { S: "0000" }, pieces: { S: "x" } }];

function tables(asked: Request[], somebodyWasFirst: boolean): DynamoDBClient {
  const send = async (command: object & { readonly input?: { readonly ConditionExpression?: string } }) => {
    asked.push(...requestsOf(command, NAMES));
    if (somebodyWasFirst && command.input?.ConditionExpression !== undefined) {
      throw Object.assign(new Error("somebody was first"), { name: "ConditionalCheckFailedException" });
    }
    const isEdition = asked.at(-1)!.kinds.some((kind) => kind.startsWith("edition"));
    return isEdition ? { Item: ROWS[0], Items: ROWS } : { Items: [], Responses: {} };
  };
  return { send } as unknown as DynamoDBClient;
}

/** What each operation of SSM, SNS and SQS is asked on. */
const RESOURCES: Readonly<Record<string, (input: Readonly<Record<string, unknown>>) => readonly string[]>> = {
  "ssm:SendCommand": ({ DocumentName }) => [String(DocumentName), "ec2:instance/*"],
  "ssm:GetDocument": ({ Name }) => [String(Name)],
  "ssm:DescribeDocument": ({ Name }) => [String(Name)],
  "sns:Publish": ({ TopicArn }) => [String(TopicArn)],
  "sqs:SendMessage": ({ QueueUrl }) => [String(QueueUrl).replace("q/", "")],
};

function services(asked: Request[]): Clients {
  const answers: Readonly<Record<string, unknown>> = {
    "ssm:DescribeDocument": { Document: { DefaultVersion: "2", LatestVersion: "2", DocumentVersion: "2" } },
    "ssm:GetDocument": { Content: JSON.stringify(hostDocument(hostScript)) },
    "ssm:SendCommand": { Command: { CommandId: "c" } },
    // So long that it was cut off: the whole of it is asked for.
    "ssm:ListCommandInvocations": {
      CommandInvocations: [{ InstanceId: "i-1", Status: "Success", CommandPlugins: [{ Output: "x".repeat(2_500) }] }],
    },
  };
  const recorder = (service: string) => ({
    send: async (command: object & { readonly input: Readonly<Record<string, unknown>> }) => {
      const action = `${service}:${command.constructor.name.replace(/Command$/, "")}`;
      const resources = RESOURCES[action]?.(command.input) ?? ["*"];
      asked.push(...resources.map((resource) => ({ action, resource, kinds: [] })));
      return answers[action] ?? {};
    },
  });
  return { ssm: recorder("ssm"), sns: recorder("sns"), sqs: recorder("sqs") } as unknown as Clients;
}
