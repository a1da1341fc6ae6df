/**
 * The functions' roles as the templates have them, and what IAM would say to a request: the little of IAM that they use,
 * which is statements that allow, wildcards, and conditions on leading keys.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CONTROL_TABLE } from "../../shared/contract/tables.ts";
import { type Resource, resourcesOf, type Synthesised } from "./synthesise.ts";

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** The one policy of a function's role; `name` as in "Ingest". */
export function statementsOfRole({ program }: Pick<Synthesised, "program">, name: string): readonly Statement[] {
  const policies = [...resourcesOf(program)].filter(
    ([id, { Type }]) => Type === "AWS::IAM::Policy" && id.startsWith(`Fleet2Ban${name}Role`),
  );
  if (policies.length !== 1) throw new Error(`${name} has ${policies.length} policies`);
  return statementsOf(policies[0]![1]);
}

export function statementsOf({ Properties }: Resource): readonly Statement[] {
  return ((Properties.PolicyDocument ?? Properties.KeyPolicy) as { Statement: readonly Statement[] }).Statement;
}

/** "Control", "Bans/index/byEnd", "ssm:document/fleet2ban-hosts": a resource as a person would call it. */
export function nameOf(resource: unknown): string {
  if (typeof resource === "string") return resource;
  const {
    "Fn::Join": join,
    "Fn::GetAtt": own,
    "Fn::ImportValue": other,
  } = resource as {
    readonly "Fn::Join"?: readonly [string, readonly unknown[]];
    readonly "Fn::GetAtt"?: readonly [string, string];
    readonly "Fn::ImportValue"?: string;
  };
  if (own !== undefined) return own[0].replace(/^Fleet2Ban/, "").replace(/[0-9A-F]{8}$/, "");
  if (other !== undefined) {
    const [, name, attribute] = /:ExportsOutput(?:FnGetAtt|Ref)State(.+?)[0-9A-F]{8}(Arn|StreamArn)?[0-9A-F]{8}$/.exec(
      other,
    )!;
    return `${name}${attribute === "StreamArn" ? ".Stream" : ""}`;
  }
  const parts = join![1].map((part) =>
    typeof part === "string" ? part : "Ref" in (part as object) ? "" : nameOf(part),
  );
  return parts.join("").replace(/^arn::(\w+):+/, "$1:");
}

/** One thing that is asked of a service; `kinds` = leading keys, where it is about rows of the control table. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly kinds: readonly string[];
}

/** What one statement allows of one action, on one resource, of one kind of rows. */
export interface Allowance {
  readonly action: string;
  readonly resource: string;
  /** A pattern; absent = of any kind. */
  readonly kind?: string;
}

export function allowancesOf(statements: readonly Statement[]): readonly Allowance[] {
  return statements.flatMap(({ Action, Resource, Condition }) =>
    [Action].flat().flatMap((action) =>
      [Resource].flat().flatMap((resource) => {
        const kinds = Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"];
        const allowance = { action, resource: nameOf(resource) };
        return kinds === undefined ? [allowance] : [kinds].flat().map((kind) => ({ ...allowance, kind }));
      }),
    ),
  );
}

/** The allowances by which the request is granted: one for each of its kinds; undefined = it is denied. */
export function grantedBy(request: Request, allowances: readonly Allowance[]): readonly Allowance[] | undefined {
  const open = allowances.filter(({ action, resource }) => action === request.action && resource === request.resource);
  const free = open.find(({ kind }) => kind === undefined);
  if (free !== undefined) return [free];
  const found = request.kinds.map((asked) => open.find(({ kind }) => isLike(asked, kind!)));
  return found.length === 0 || found.includes(undefined) ? undefined : (found as readonly Allowance[]);
}

function isLike(text: string, pattern: string): boolean {
  const words = pattern.split("*").map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${words.join(".*")}$`, "s").test(text);
}

/** What is asked of DynamoDB by a command of the SDK; `tables` names the resources by the tables' names. */
export function requestsOf(
  command: { readonly constructor: { readonly name: string }; readonly input?: object },
  tables: Readonly<Record<string, string>>,
): readonly Request[] {
  const operation = command.constructor.name.replace(/Command$/, "");
  const input = (command.input ?? {}) as Input;
  const { TableName, IndexName, RequestItems = {} } = input;
  const named = TableName === undefined ? Object.keys(RequestItems) : [TableName];
  return named.map((table) => ({
    action: `dynamodb:${operation}`,
    resource: `${tables[table]}${IndexName === undefined ? "" : `/index/${IndexName}`}`,
    kinds: leadingKeys(input, RequestItems[table]?.Keys ?? []),
  }));
}

type Row = Readonly<Record<string, { readonly S?: string }>>;

interface Input {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys?: readonly Row[] }>>;
  readonly Key?: Row;
  readonly Item?: Row;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Row;
}

function leadingKeys(input: Input, keys: readonly Row[]): readonly string[] {
  const rows = [input.Key, input.Item, ...keys].flatMap((row) => row?.[CONTROL_TABLE.partitionKey]?.S ?? []);
  const equals = (input.KeyConditionExpression ?? "").matchAll(/(#\w+) = (:\w+)/g);
  const asked = [...equals].flatMap(([, name, value]) =>
    input.ExpressionAttributeNames?.[name!] === CONTROL_TABLE.partitionKey
      ? (input.ExpressionAttributeValues?.[value!]?.S ?? [])
      : [],
  );
  return [...rows, ...asked];
}

/** Makes a client ask with a role's rights: what they do not grant is refused as IAM refuses it, and noted. */
export function underRole(
  client: DynamoDBClient,
  allowances: readonly Allowance[],
  tables: Readonly<Record<string, string>>,
): { readonly denied: Request[] } {
  const denied: Request[] = [];
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const command = { constructor: { name: context.commandName! }, input: args.input };
      const refused = requestsOf(command, tables).filter((request) => grantedBy(request, allowances) === undefined);
      if (refused.length === 0) return next(args);
      denied.push(...refused);
      throw Object.assign(new Error(`not authorized: ${JSON.stringify(refused)}`), { name: "AccessDeniedException" });
    },
    { step: "initialize", name: "underRole", priority: "high" },
  );
  return { denied };
}
