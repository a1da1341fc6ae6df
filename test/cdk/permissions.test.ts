/**
 * The roles and the adapters: a function may ask the tables for exactly what its ports ask them for. Each function's ports are
 * called with a client that only writes down what it is asked, once as if all went well and once as if somebody was first.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, it } from "vitest";
import { type CloudState, createCloudState } from "../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { ARMED } from "../../shared/core/detect/breaker.ts";
import { sampleBan } from "../contracts/samples.ts";
import { resourcesOf, synthesise } from "./synthesise.ts";

const AT = Date.UTC(2026, 10, 22);
const BAN = sampleBan();
const KEY = { id: BAN.id, jail: BAN.jail };
const EDITION = { hash: "h", revision: 2, since: AT, ruleset: "{}" };

type Call = (state: CloudState) => unknown;

const collect = async (rows: AsyncIterable<unknown>) => {
  for await (const _ of rows);
};
const counting: readonly Call[] = [
  ({ windows }) => windows.load([KEY]),
  ({ windows }) =>
    windows.save(KEY, { failures: [] } as unknown as Parameters<CloudState["windows"]["save"]>[1], 0, AT),
  ({ windows }) =>
    windows.save(KEY, { failures: [] } as unknown as Parameters<CloudState["windows"]["save"]>[1], 3, AT),
  ({ bans }) => bans.put(BAN),
  ({ offenders }) => offenders.history(BAN.id),
  ({ offenders }) => offenders.record(BAN),
  ({ breakers }) => breakers.load("web"),
  ({ breakers }) => breakers.save("web", ARMED, 1),
  ({ holds }) => holds.hold(BAN),
  ({ totals }) => totals.add("batch", new Map([["web", { failed: 1, banned: 0 } as never]])),
  ({ lineStates }) => lineStates.load([{ jail: "web", stream: "i-1" }]),
  ({ control }) => control.entries(),
];
const adopting: readonly Call[] = [
  ({ editions }) => editions.current(),
  ({ editions }) => editions.replace(EDITION, undefined),
  ({ editions }) => editions.replace(EDITION, 1),
];
const pacing: readonly Call[] = [({ pace }) => pace.reserve("commands", 1000, AT, 5000)];

/** What each function's wiring hands to its use cases (lambdas/NAME/index.ts). */
const CALLS: Readonly<Record<string, readonly Call[]>> = {
  Ingest: counting,
  Enforce: [
    ...counting,
    ...adopting,
    ...pacing,
    ({ commands }) => commands.open({ id: "c", sentAt: AT, mode: "apply", hosts: undefined, changes: 1 }),
    ({ pool }) => pool.lead("me", AT, AT + 1000),
    ({ pool }) => pool.begin("me"),
    ({ pool }) => pool.deposits(),
    ({ pool }) => pool.remove(["other"]),
  ],
  Sweep: [({ bans }) => bans.due(AT, 10), ({ bans }) => bans.lift(BAN, AT)],
  Reconcile: [
    ...adopting,
    ...pacing,
    ({ bans }) => collect(bans.inJail("web")),
    ({ commands }) => commands.opened(),
    ({ commands }) => commands.close("c"),
    ({ hosts }) => hosts.all(),
    ({ hosts }) => hosts.forget("i-1"),
    ({ commands }) => commands.open({ id: "c", sentAt: AT, mode: "reconcile", hosts: ["i-1"], changes: 1 }),
  ],
  Notify: [...pacing, ({ marks }) => marks.noted(["a"]), ({ marks }) => marks.note("a", AT)],
};

describe("the role allows what the function asks the tables for, and nothing else", () => {
  let allowed: (role: string) => ReadonlySet<string>;
  beforeAll(() => {
    const policies = [...resourcesOf(synthesise().program)].filter(([, { Type }]) => Type === "AWS::IAM::Policy");
    allowed = (role) => {
      const [, policy] = policies.find(([id]) => id.startsWith(`Fleet2Ban${role}Role`))!;
      const { Statement } = policy.Properties.PolicyDocument as {
        Statement: readonly { Action: string | string[]; Resource: unknown }[];
      };
      return new Set(
        Statement.flatMap(({ Action, Resource }) =>
          [Action].flat().map((action) => `${action} ${tableIn(JSON.stringify(Resource))}`),
        ),
      );
    };
  });

  it.each(Object.entries(CALLS))("%s", async (role, calls) => {
    const asked = new Set<string>();
    for (const somebodyWasFirst of [false, true]) {
      const state = createCloudState(recorder(asked, somebodyWasFirst), TABLES, {
        now: () => AT,
        wait: async () => undefined,
      });
      for (const call of calls) await Promise.resolve(call(state)).catch(() => undefined);
    }
    expect(asked.size).toBeGreaterThan(1);
    const items = [...allowed(role)].filter(
      (action) => / (windows|bans|control)/.test(action) && !OF_STREAMS.test(action),
    );
    expect([...asked].sort()).toEqual(items.sort());
  });
});

/** What a mapping asks for, with the function's role. */
const OF_STREAMS = /DescribeStream|GetRecords|GetShardIterator/;

const TABLES = { windows: "windows", bans: "bans", control: "control" };

/** "dynamodb:Query bans/byEnd" for each request. */
function recorder(asked: Set<string>, somebodyWasFirst: boolean): DynamoDBClient {
  const send = async (command: object & { readonly input?: Record<string, unknown> }): Promise<unknown> => {
    const operation = command.constructor.name.replace(/Command$/, "");
    const { TableName, IndexName, RequestItems, ConditionExpression } = command.input ?? {};
    for (const table of TableName === undefined ? Object.keys(RequestItems as object) : [TableName]) {
      asked.add(`dynamodb:${operation} ${table}${IndexName === undefined ? "" : `/${IndexName}`}`);
    }
    if (somebodyWasFirst && ConditionExpression !== undefined) {
      throw Object.assign(new Error("somebody was first"), { name: "ConditionalCheckFailedException" });
    }
    return { Items: [], Responses: {} };
  };
  return { send } as unknown as DynamoDBClient;
}

function tableIn(resource: string): string {
  const table = /State(Windows|Bans|Control)/.exec(resource)?.[1]?.toLowerCase() ?? "";
  const index = /\/index\/(\w+)/.exec(resource)?.[1];
  return index === undefined ? table : `${table}/${index}`;
}
