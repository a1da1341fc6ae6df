/** Who may do what: every statement of every role, exactly. */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { configurationOf, jail } from "./configuration.ts";
import { nameOf, type Statement, statementsOf, statementsOfRole } from "./roles.ts";
import { ofType, type Synthesised, synthesise } from "./synthesise.ts";

const KEYED = "kms:Decrypt Encrypt DescribeKey GenerateDataKey ReEncryptFrom ReEncryptTo on Key";
const key = (...services: readonly string[]) => [`${KEYED} by ${services.join(", ")}`];
const log = (name: string) => [`logs:CreateLogStream PutLogEvents on ${name}Log`];
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
    "dynamodb:BatchGetItem on Control of lines *",
    "dynamodb:GetItem on Control of breaker, totals",
    "dynamodb:Query on Control of offender *, setting",
    "dynamodb:PutItem on Control of breaker, held *, lines *",
    "dynamodb:UpdateItem on Control of offender *, totals",
    "sns:Publish on Alarms",
    "sqs:SendMessage on IngestDead, SetAside",
    ...key("dynamodb.*", "sns.*", "sqs.*"),
    ...log("Ingest"),
  ],
  Enforce: [
    "dynamodb:BatchGetItem PutItem on Windows",
    "dynamodb:GetItem PutItem on Bans",
    "dynamodb:BatchGetItem on Control of lines *",
    "dynamodb:GetItem on Control of breaker, edition, slot, totals",
    "dynamodb:Query on Control of deposit, edition-text *, offender *, setting",
    "dynamodb:PutItem on Control of breaker, command, deposit, edition, edition-text *, held *, leader, lines *",
    "dynamodb:UpdateItem on Control of offender *, slot, totals",
    "dynamodb:DeleteItem on Control of deposit, edition-text *, leader",
    "sns:Publish on Alarms",
    "sqs:SendMessage on EnforceDead, SetAside",
    ...commands,
    ...stream,
    ...key("dynamodb.*", "sns.*", "sqs.*"),
    ...log("Enforce"),
  ],
  Sweep: ["dynamodb:DeleteItem on Bans", "dynamodb:Query on Bans/index/byEnd", ...key("dynamodb.*"), ...log("Sweep")],
  Reconcile: [
    "dynamodb:Query on Bans/index/byJail",
    "dynamodb:GetItem on Control of edition, slot",
    "dynamodb:DeleteItem Query on Control of command, edition-text *, host",
    "dynamodb:PutItem on Control of command, edition, edition-text *, host",
    "dynamodb:UpdateItem on Control of slot",
    ...commands,
    // None of the three has a resource level.
    "ssm:DescribeInstanceInformation GetCommandInvocation ListCommandInvocations on *",
    ...key("dynamodb.*"),
    ...log("Reconcile"),
  ],
  Notify: [
    "dynamodb:BatchGetItem PutItem on Control of mark",
    "dynamodb:GetItem UpdateItem on Control of slot",
    `sns:Publish on sns:fleet2ban-mail-${createHash("sha256").update("ops@example.org").digest("hex").slice(0, 12)}`,
    "sqs:SendMessage on NotifyDead, SetAside",
    ...stream,
    ...key("dynamodb.*", "sns.*", "sqs.*"),
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
    const statements = statementsOfRole(made, name);
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

/** "sns:Publish on Alarms": a statement as a person would say it. */
function told({ Action, Resource, Condition }: Statement): string {
  const actions = [Action].flat();
  const service = actions[0]!.split(":")[0];
  expect(actions.every((action) => action.startsWith(`${service}:`))).toBe(true);
  const names = actions.map((action) => action.slice(service!.length + 1)).join(" ");
  const resources = [Resource].flat().map(nameOf).sort().join(", ");
  return inOrder(`${service}:${names} on ${resources}${condition(Condition)}`);
}

function condition(given: Statement["Condition"]): string {
  if (given === undefined) return "";
  const { "ForAllValues:StringLike": all, StringLike: like, ...others } = given;
  if (Object.keys(others).length > 0) return ` if ${JSON.stringify(given)}`;
  const kinds = all === undefined ? "" : ` of ${[all["dynamodb:LeadingKeys"]!].flat().join(", ")}`;
  return like === undefined ? kinds : `${kinds} by ${[like["kms:ViaService"]!].flat().join(", ")}`;
}

/** Actions of a statement in alphabetical order. */
function inOrder(statement: string): string {
  const [, service, actions, rest] = /^(\w+):(.*?) on (.*)$/.exec(statement)!;
  return `${service}:${actions!.split(" ").sort().join(" ")} on ${rest}`;
}
