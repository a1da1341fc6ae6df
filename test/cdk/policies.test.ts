/** Who may do what: every statement of every role, exactly. */
import { beforeAll, describe, expect, it } from "vitest";
import { configurationOf, jail } from "./configuration.ts";
import { ofType, type Resource, resourcesOf, type Synthesised, synthesise } from "./synthesise.ts";

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

const KEY = ["kms:Decrypt Encrypt DescribeKey GenerateDataKey ReEncryptFrom ReEncryptTo on Key"];
const log = (name: string) => [`logs:CreateLogStream PutLogEvents on ${name}Log`];
const care = (queue?: string) => [
  `sns:Publish on Alarms`,
  `sqs:SendMessage on ${queue === undefined ? "" : `${queue}, `}SetAside`,
];
const stream = [
  "dynamodb:DescribeStream GetRecords GetShardIterator on Bans.Stream",
  // Has no resource level.
  "dynamodb:ListStreams on *",
];
const commands = [
  "ssm:SendCommand GetDocument DescribeDocument on ssm:document/fleet2ban-hosts",
  'ssm:SendCommand on ec2:instance/* if {"StringEquals":{"ssm:resourceTag/fleet2ban":"host"}}',
];

const POLICIES: Readonly<Record<string, readonly string[]>> = {
  Ingest: [
    "dynamodb:BatchGetItem PutItem on Windows",
    "dynamodb:GetItem PutItem on Bans",
    "dynamodb:BatchGetItem GetItem PutItem Query UpdateItem on Control",
    ...care("IngestDead"),
    ...KEY,
    ...log("Ingest"),
  ],
  Enforce: [
    "dynamodb:BatchGetItem PutItem on Windows",
    "dynamodb:GetItem PutItem on Bans",
    "dynamodb:BatchGetItem DeleteItem GetItem PutItem Query UpdateItem on Control",
    ...care("EnforceDead"),
    ...commands,
    ...stream,
    ...KEY,
    ...log("Enforce"),
  ],
  Sweep: ["dynamodb:DeleteItem on Bans", "dynamodb:Query on Bans/index/byEnd", ...KEY, ...log("Sweep")],
  Reconcile: [
    "dynamodb:Query on Bans/index/byJail",
    "dynamodb:DeleteItem GetItem PutItem Query UpdateItem on Control",
    ...care(),
    ...commands,
    // None of the three has a resource level.
    "ssm:DescribeInstanceInformation GetCommandInvocation ListCommandInvocations on *",
    ...KEY,
    ...log("Reconcile"),
  ],
  Notify: [
    "dynamodb:BatchGetItem GetItem PutItem UpdateItem on Control",
    "sns:Publish on Alarms, Mailopsexampleorg",
    "sqs:SendMessage on NotifyDead, SetAside",
    ...stream,
    ...KEY,
    ...log("Notify"),
  ],
};

describe("the roles", () => {
  let made: Synthesised;
  beforeAll(() => {
    made = synthesise({
      mode: "enforce",
      configuration: configurationOf({
        "jail.local": jail("web", ["logpath = /var/log/web.log"], { mail: "ops@example.org" }),
      }),
    });
  });

  it.each(Object.entries(POLICIES))("%s may do this, and nothing else", (name, expected) => {
    const policies = [...resourcesOf(made.program)].filter(
      ([id, { Type }]) => Type === "AWS::IAM::Policy" && id.startsWith(`Fleet2Ban${name}Role`),
    );
    expect(policies).toHaveLength(1);
    const statements = (policies[0]![1].Properties.PolicyDocument as { Statement: readonly Statement[] }).Statement;
    expect(statements.map(({ Effect }) => Effect)).toEqual(statements.map(() => "Allow"));
    expect(statements.map(told).sort()).toEqual(expected.map(inOrder).sort());
  });

  it("are five, one for each function, assumed by Lambda alone and without managed policies", () => {
    const roles = ofType("AWS::IAM::Role", made.program, made.state);
    expect(roles).toHaveLength(5);
    for (const { Properties } of roles) {
      expect(Properties.ManagedPolicyArns).toBeUndefined();
      expect(JSON.stringify(Properties.AssumeRolePolicyDocument)).toContain(
        '"Principal":{"Service":"lambda.amazonaws.com"}',
      );
    }
    const used = ofType("AWS::Lambda::Function", made.program).map(({ Properties }) => JSON.stringify(Properties.Role));
    expect(new Set(used).size).toBe(5);
  });

  it("can be taken on a topic or a queue by nobody without TLS", () => {
    const kinds = ["AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"];
    const policies = kinds.flatMap((kind) => ofType(kind, made.state));
    expect(policies).toHaveLength(
      ofType("AWS::SNS::Topic", made.state).length + ofType("AWS::SQS::Queue", made.state).length,
    );
    for (const policy of policies) {
      const denied = statementsOf(policy).filter(({ Effect }) => Effect === "Deny");
      expect(denied.map(({ Condition }) => Condition)).toEqual([{ Bool: { "aws:SecureTransport": "false" } }]);
    }
  });

  it("let alarms reach their topic, through its policy and through the key's", () => {
    const allowed = [...ofType("AWS::SNS::TopicPolicy", made.state), ...ofType("AWS::KMS::Key", made.state)].map(
      (resource) =>
        statementsOf(resource).some(
          (one) => JSON.stringify(one).includes("cloudwatch.amazonaws.com") && one.Effect === "Allow",
        ),
    );
    expect(allowed).toEqual([true, true, true]);
  });
});

function statementsOf({ Properties }: Resource): readonly Statement[] {
  return ((Properties.PolicyDocument ?? Properties.KeyPolicy) as { Statement: readonly Statement[] }).Statement;
}

/** "sns:Publish on Alarms": a statement as a person would say it. */
function told({ Action, Resource, Condition }: Statement): string {
  const actions = [Action].flat();
  const service = actions[0]!.split(":")[0];
  expect(actions.every((action) => action.startsWith(`${service}:`))).toBe(true);
  const names = actions.map((action) => action.slice(service!.length + 1)).join(" ");
  const resources = [Resource].flat().map(nameOf).sort().join(", ");
  return inOrder(
    `${service}:${names} on ${resources}${Condition === undefined ? "" : ` if ${JSON.stringify(Condition)}`}`,
  );
}

/** Actions of a statement in alphabetical order. */
function inOrder(statement: string): string {
  const [, service, actions, rest] = /^(\w+):(.*?) on (.*)$/.exec(statement)!;
  return `${service}:${actions!.split(" ").sort().join(" ")} on ${rest}`;
}

function nameOf(resource: unknown): string {
  if (typeof resource === "string") return resource;
  const {
    "Fn::Join": join,
    "Fn::GetAtt": own,
    "Fn::GetStackOutput": other,
  } = resource as {
    readonly "Fn::Join"?: readonly [string, readonly unknown[]];
    readonly "Fn::GetAtt"?: readonly [string, string];
    readonly "Fn::GetStackOutput"?: { readonly OutputName: string };
  };
  if (own !== undefined) return own[0].replace(/^Fleet2Ban/, "").replace(/[0-9A-F]{8}$/, "");
  if (other !== undefined) {
    const [, name, attribute] =
      /^PublishOutput(?:FnGetAtt|Ref)State(.+?)(?:[0-9a-f]{8})?[0-9A-F]{8}(Arn|StreamArn)?[0-9A-F]{8}$/.exec(
        other.OutputName,
      )!;
    return `${name}${attribute === "StreamArn" ? ".Stream" : ""}`;
  }
  const parts = join![1].map((part) =>
    typeof part === "string" ? part : "Ref" in (part as object) ? "" : nameOf(part),
  );
  return parts.join("").replace(/^arn::(\w+):+/, "$1:");
}
