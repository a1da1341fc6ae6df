/** What stands in the templates, property by property. */
import { createHash } from "node:crypto";
import { Match } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { hostScript } from "../../shared/contract/host-script.ts";
import { stackDescription } from "../../shared/contract/stack-description.ts";
import { configurationOf, jail } from "./configuration.ts";
import { ofType, resourcesOf, type Synthesised, synthesise } from "./synthesise.ts";

const WEB = ["logpath = /var/log/web.log"];
const files = () => ({
  "jail.local":
    jail("web", WEB, { mail: "ops@example.org" }) + jail("lb", ["loggroup = /lb/one /lb/two"], { mail: "root" }),
});
const functionNames = ["ingest", "enforce", "sweep", "reconcile", "notify"].map((name) => `fleet2ban-${name}`);

describe("the templates", () => {
  let made: Synthesised;
  beforeAll(() => {
    made = synthesise({
      mode: "enforce",
      configuration: configurationOf(files()),
      mails: { root: ["a@example.org", "b@example.org"] },
      alarms: { mails: ["night@example.org"] },
    });
  });

  it("keep the tables for good: on demand, recoverable, protected, encrypted with the key", () => {
    const tables = ofType("AWS::DynamoDB::Table", made.state);
    expect(tables).toHaveLength(3);
    for (const table of tables) {
      expect(table).toMatchObject({
        DeletionPolicy: "Retain",
        UpdateReplacePolicy: "Retain",
        Properties: {
          BillingMode: "PAY_PER_REQUEST",
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { SSEEnabled: true, SSEType: "KMS" },
          TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
        },
      });
    }
    made.state.hasResourceProperties("AWS::DynamoDB::Table", {
      KeySchema: [
        { AttributeName: "id", KeyType: "HASH" },
        { AttributeName: "jail", KeyType: "RANGE" },
      ],
      StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
      AttributeDefinitions: Match.arrayWith([{ AttributeName: "endsAt", AttributeType: "N" }]),
      GlobalSecondaryIndexes: [
        {
          IndexName: "byEnd",
          KeySchema: [
            { AttributeName: "endShard", KeyType: "HASH" },
            { AttributeName: "endsAt", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
        {
          IndexName: "byJail",
          KeySchema: [
            { AttributeName: "jail", KeyType: "HASH" },
            { AttributeName: "id", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
      ],
    });
  });

  it("keep every key and queue, and the topic of alarms, when a stack goes; topics of mails hold nothing", () => {
    for (const type of ["AWS::KMS::Key", "AWS::SQS::Queue"]) {
      const kept = ofType(type, made.state);
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(kept.map(() => "Retain"));
    }
    const topics = ofType("AWS::SNS::Topic", made.state);
    expect(topics.map(({ DeletionPolicy, Properties }) => [DeletionPolicy, Properties.TopicName])).toEqual([
      ["Retain", undefined],
      [undefined, expect.stringMatching(/^fleet2ban-mail-[0-9a-f]{12}$/)],
      [undefined, expect.stringMatching(/^fleet2ban-mail-[0-9a-f]{12}$/)],
    ]);
    for (const { Properties } of ofType("AWS::SQS::Queue", made.state)) {
      expect(Properties).toMatchObject({ MessageRetentionPeriod: 1_209_600, KmsMasterKeyId: expect.anything() });
    }
    for (const { Properties } of ofType("AWS::SNS::Topic", made.state)) {
      expect(Properties).toHaveProperty("KmsMasterKeyId");
    }
    made.state.hasResourceProperties("AWS::KMS::Key", { EnableKeyRotation: true });
  });

  it("have a topic for each dest, with its own subscribers, and one for alarms", () => {
    expect(ofType("AWS::SNS::Topic", made.state)).toHaveLength(3);
    const mails = ofType("AWS::SNS::Subscription", made.state).map(({ Properties }) => [
      Properties.Protocol,
      Properties.Endpoint,
    ]);
    expect(mails.sort()).toEqual(
      ["a@example.org", "b@example.org", "night@example.org", "ops@example.org"].map((mail) => ["email", mail]),
    );
    const [notify] = ofType("AWS::Lambda::Function", made.program).filter(
      ({ Properties }) => Properties.FunctionName === "fleet2ban-notify",
    );
    const topics = JSON.stringify(
      (notify!.Properties.Environment as { Variables: { MAIL_TOPICS: unknown } }).Variables.MAIL_TOPICS,
    );
    expect(topics).toContain("ops@example.org");
    expect(topics).toContain("root");
  });

  it("have five functions on Node 24 and arm64, under names that no deployment changes", () => {
    const functions = ofType("AWS::Lambda::Function", made.program);
    expect(functions.map(({ Properties }) => Properties.FunctionName)).toEqual(functionNames);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"], Handler: "index.handler" });
    }
    const alone = functions.filter(({ Properties }) => Properties.ReservedConcurrentExecutions !== undefined);
    expect(alone.map(({ Properties }) => Properties.FunctionName)).toEqual(["fleet2ban-sweep", "fleet2ban-reconcile"]);
    const logs = ofType("AWS::Logs::LogGroup", made.program).map(({ Properties }) => [
      Properties.LogGroupName,
      Properties.RetentionInDays,
    ]);
    expect(logs).toEqual(functionNames.map((name) => [`/aws/lambda/${name}`, 30]));
  });

  it("have each reader of the bans' stream bounded, with a queue for what it gives up", () => {
    const mappings = ofType("AWS::Lambda::EventSourceMapping", made.program);
    expect(mappings.map(({ Properties }) => [Properties.BatchSize, Properties.MaximumBatchingWindowInSeconds])).toEqual(
      [
        [3000, 1],
        [1000, 30],
      ],
    );
    for (const { Properties } of mappings) {
      expect(Properties).toMatchObject({
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        MaximumRetryAttempts: 100,
        MaximumRecordAgeInSeconds: 7200,
        ParallelizationFactor: 1,
        StartingPosition: "TRIM_HORIZON",
        DestinationConfig: { OnFailure: { Destination: expect.anything() } },
      });
    }
    made.program.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
  });

  it("subscribe every log group that a jail reads, by a permission of its own that is there first", () => {
    const filters = ofType("AWS::Logs::SubscriptionFilter", made.program);
    expect(
      filters.map(({ Properties }) => [Properties.LogGroupName, Properties.FilterName, Properties.FilterPattern]),
    ).toEqual([
      ["/var/log/web", "fleet2ban", '?" failed 401 "'],
      ["/lb/one", "fleet2ban", '?" failed 401 "'],
      ["/lb/two", "fleet2ban", '?" failed 401 "'],
    ]);
    const resources = resourcesOf(made.program);
    for (const { DependsOn, Properties } of filters) {
      const [permission] = DependsOn!;
      expect(resources.get(permission!)?.Properties).toMatchObject({
        Principal: "logs.amazonaws.com",
        SourceAccount: { Ref: "AWS::AccountId" },
      });
      expect(JSON.stringify(resources.get(permission!)?.Properties.SourceArn)).toContain(
        `:log-group:${Properties.LogGroupName}:*`,
      );
    }
  });

  it("run sweep every minute, reconcile every five, and reconcile for what happens", () => {
    const rules = ofType("AWS::Events::Rule", made.program).map(
      ({ Properties }) => Properties.ScheduleExpression ?? Properties.EventPattern,
    );
    expect(rules).toEqual([
      "rate(1 minute)",
      "rate(5 minutes)",
      {
        source: ["aws.ec2"],
        "detail-type": ["EC2 Instance State-change Notification"],
        detail: { state: ["running"] },
      },
      {
        source: ["aws.ssm"],
        "detail-type": ["EC2 Command Status-change Notification"],
        detail: { "document-name": ["fleet2ban-hosts"], status: ["Failed", "TimedOut"] },
      },
    ]);
  });

  it("carry the host script in a document that gets a new version, and tell its senders which script it is", () => {
    const [document] = ofType("AWS::SSM::Document", made.program);
    expect(document!.Properties).toMatchObject({
      Name: "fleet2ban-hosts",
      UpdateMethod: "NewVersion",
      DocumentType: "Command",
    });
    const content = document!.Properties.Content as { mainSteps: [{ inputs: { runCommand: string[] } }] };
    const text = content.mainSteps[0].inputs.runCommand.map((line) => `${line}\n`).join("");
    const sha256 = createHash("sha256").update(text).digest("hex");
    expect(sha256).toBe(hostScript.sha256);
    for (const name of ["fleet2ban-enforce", "fleet2ban-reconcile"]) {
      made.program.hasResourceProperties("AWS::Lambda::Function", {
        FunctionName: name,
        Environment: {
          Variables: Match.objectLike({
            DOCUMENT_NAME: "fleet2ban-hosts",
            SCRIPT_SHA256: sha256,
            SCRIPT_VERSION: hostScript.version,
          }),
        },
      });
    }
  });

  it("say where everything is, as the command line reads it", () => {
    const [parameter] = ofType("AWS::SSM::Parameter", made.program);
    expect(parameter!.Properties.Name).toBe("/fleet2ban/fleet2ban");
    const text = (parameter!.Properties.Value as { "Fn::Join": [string, unknown[]] })["Fn::Join"][1]
      .map((part) => (typeof part === "string" ? part : "resolved"))
      .join("");
    expect(stackDescription.parse(JSON.parse(text))).toMatchObject({
      bansTable: "resolved",
      documentName: "fleet2ban-hosts",
      ingestFunction: "fleet2ban-ingest",
      mailTopics: Array(2).fill(expect.stringMatching(/^arn:resolved:sns:resolved:resolved:fleet2ban-mail-/)),
      logGroups: ["/var/log/web", "/lb/one", "/lb/two"],
      targetTagKey: "fleet2ban",
      targetTagValue: "host",
    });
  });
});
