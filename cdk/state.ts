/**
 * What outlives a deployment of the program: tables, key, topics with their subscribers, and queues with what was given up.
 *
 * None of it is deleted with its stack, but for the topics of mails, which hold nothing.
 */
import { createHash } from "node:crypto";
import { Aws, Duration, RemovalPolicy, type Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as logs from "aws-cdk-lib/aws-logs";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Validations } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import type { CompiledDeployment } from "./compile-ruleset.ts";
import { encryptionKey } from "./encryption.ts";
import { mailSubscribers } from "./mail-topics.ts";
import { stableId } from "./names.ts";
import type { Settings } from "./settings.ts";
import { createTables, type Tables } from "./tables.ts";

export interface Fleet2BanStateProps {
  readonly settings: Settings;
  readonly deployment: CompiledDeployment;
}

/** ARNs of the topics by dest, for a stack of the same account and Region. */
export function mailTopicArns(
  stack: Stack,
  { mailTopics }: Pick<Fleet2BanState, "mailTopics">,
): Record<string, string> {
  const arnOf = (name: string) => stack.formatArn({ service: "sns", resource: name });
  return Object.fromEntries(Object.entries(mailTopics).map(([dest, name]) => [dest, arnOf(name)]));
}

/** Queues that take what a function could not do, by function. */
export type DeadLetters = Readonly<Record<"ingest" | "enforce" | "notify", sqs.IQueue>>;

export class Fleet2BanState extends Construct {
  /** What `--stack` is given. */
  readonly name: string;
  readonly key: kms.IKey | undefined;
  readonly tables: Tables;
  readonly alarmTopic: sns.Topic;
  /** Names of the topics by `dest` of the jails' mail actions. */
  readonly mailTopics: Readonly<Record<string, string>>;
  /** Payloads and records that are not what they should be. */
  readonly setAside: sqs.IQueue;
  readonly deadLetters: DeadLetters;

  constructor(scope: Construct, id: string, { settings, deployment }: Fleet2BanStateProps) {
    super(scope, id);
    this.name = settings.name;
    this.key = encryptionKey(this, settings);
    this.tables = createTables(this, this.key);
    this.alarmTopic = this.#topic("Alarms", settings.alarms.mails, { displayName: `fleet2ban ${this.name}: alarms` });
    this.alarmTopic.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const dests = mailSubscribers(deployment.ruleset.jails, settings);
    this.mailTopics = Object.fromEntries([...dests].map(([dest, mails]) => [dest, this.#mailTopic(dest, mails)]));
    this.setAside = this.#queue("SetAside");
    this.deadLetters = {
      ingest: this.#queue("IngestDead"),
      enforce: this.#queue("EnforceDead"),
      notify: this.#queue("NotifyDead"),
    };
    if (settings.logGroups.create) this.#logGroups(Object.keys(deployment.ruleset.logGroups), settings);
  }

  /**
   * A topic that goes when no jail mails to the dest any more. The program knows it by its name: what it had of another
   * stack's outputs, it would keep from being taken away.
   */
  #mailTopic(dest: string, mails: readonly string[]): string {
    const topicName = `${this.name}-mail-${createHash("sha256").update(dest).digest("hex").slice(0, 12)}`;
    this.#topic(stableId("Mail", dest), mails, { topicName, displayName: `fleet2ban ${this.name}` });
    return topicName;
  }

  #topic(id: string, mails: readonly string[], named: Pick<sns.TopicProps, "topicName" | "displayName">): sns.Topic {
    const key = this.key;
    const topic = new sns.Topic(this, id, {
      ...named,
      enforceSSL: true,
      ...(key === undefined ? {} : { masterKey: key }),
    });
    // A topic with a policy of its own has lost the one by which the account's alarms may publish.
    topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: "Alarms",
        principals: [new iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
      }),
    );
    for (const mail of mails) topic.addSubscription(new EmailSubscription(mail));
    return topic;
  }

  #queue(id: string): sqs.IQueue {
    const queue = new sqs.Queue(this, id, {
      enforceSSL: true,
      // As long as SQS keeps anything: time to mend what is broken, and to send it through again.
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.RETAIN,
      ...(this.key === undefined
        ? { encryption: sqs.QueueEncryption.SQS_MANAGED }
        : { encryption: sqs.QueueEncryption.KMS, encryptionMasterKey: this.key, dataKeyReuse: Duration.hours(1) }),
    });
    Validations.of(queue).acknowledge({
      id: "AwsSolutions-SQS3",
      reason: "It is itself where things end: nothing consumes it, and an alarm tells as soon as something is in it.",
    });
    return queue;
  }

  #logGroups(names: readonly string[], { logRetentionDays }: Settings): void {
    for (const name of names) {
      new logs.LogGroup(this, stableId("LogGroup", name), {
        logGroupName: name,
        retention: logRetentionDays as logs.RetentionDays,
        removalPolicy: RemovalPolicy.RETAIN,
      });
    }
  }
}
