/** The notify function: records of the stream in, published mails out, slots and marks in the real rows. */
import { PublishCommand, type PublishCommandInput, SNSClient } from "@aws-sdk/client-sns";
import type { DynamoDBRecord } from "aws-lambda";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHandler } from "../../lambdas/notify/handler.ts";
import { mailActionsOf } from "../../lambdas/notify/mail-actions.ts";
import { encodeBan } from "../../shared/adapters/aws/dynamodb/ban-row.ts";
import { createTopicMailbox } from "../../shared/adapters/aws/sns/topic-mailbox.ts";
import type { Ban } from "../../shared/core/ban.ts";
import { banOf, mailAction } from "../app/notify-rig.ts";
import { type Cloud, FIREWALL, openCloud, rulesetOf, START, shelf, startProcess, wordJail } from "./rig.ts";

const OPS = "arn:aws:sns:eu-central-1:123456789012:ops";
const SOC = "arn:aws:sns:eu-central-1:123456789012:soc";
const client = new SNSClient({ region: "eu-central-1", maxAttempts: 1 });
const sns = mockClient(client);

describe("the notify function", () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await openCloud();
  });
  afterAll(() => cloud.close());
  beforeEach(async () => {
    await cloud.engine.empty();
    sns.reset();
    sns.on(PublishCommand).resolves({ MessageId: "1" });
  });

  /** A process of its own: what it remembers is in the rows alone. */
  async function open({ remaining = 900_000 } = {}) {
    const process = await startProcess(cloud, { remaining: () => remaining });
    const setAside = shelf();
    const ruleset = rulesetOf({
      jails: [
        wordJail("web", { actions: [FIREWALL, mailAction({ dest: "ops@example.org", lines: true, whois: true })] }),
        wordJail("ssh", { actions: [mailAction({ dest: "soc@example.org", subjectName: "ssh" })] }),
        wordJail("quiet"),
      ],
      observed: ["ssh"],
    });
    const handle = process.run(
      createHandler({
        actions: mailActionsOf(ruleset),
        observed: new Set(ruleset.observed),
        teller: { name: "prod", stack: "prod", zone: () => 0, zoneName: "UTC" },
        mailbox: createTopicMailbox(
          client,
          new Map([
            ["ops@example.org", OPS],
            ["soc@example.org", SOC],
          ]),
        ),
        whois: { about: async () => ({ kind: "unknown", reason: "the registry took too long" }) },
        pace: process.state.pace,
        marks: process.state.marks,
        setAside,
        wait: async (duration) => cloud.clock.advance(duration),
      }),
    );
    return { handle: (records: DynamoDBRecord[]) => handle({ Records: records }), out: process.out, setAside };
  }
  const published = () => sns.commandCalls(PublishCommand).map((call) => call.args[0].input as PublishCommandInput);

  it("mails a few bans one by one, with lines, and says where whois failed", async () => {
    const { handle, out } = await open();
    const records = [
      insert(1, banOf(1, standing({ matches: ["failed web\u001b[2J", "x"] }))),
      insert(2, banOf(2, standing({ jail: "ssh" }))),
      insert(3, banOf(3, standing({ jail: "quiet" }))),
      remove(4, banOf(4, standing())),
    ];
    expect(await handle(records)).toEqual({ batchItemFailures: [] });
    expect(published().map(({ TopicArn, Subject }) => [TopicArn, Subject])).toEqual([
      [OPS, "[Fail2Ban] Web: banned 198.18.0.1 from prod"],
      [SOC, "[Fail2Ban] ssh: banned 198.18.0.2 from prod"],
    ]);
    const [ops, soc] = published().map(({ Message }) => Message);
    expect(ops).toContain("Whois says nothing of 198.18.0.1: the registry took too long\n");
    expect(ops).toContain("Log lines:\n  failed web·[2J\n  x\n");
    expect(soc).toContain("The jail only observes: nothing is blocked.\n");
    expect(out.sum("MailsSent")).toBe(2);
    expect(out.logs()).toMatchObject([{ level: "INFO", message: "people were told of bans", mails: 2, digests: 0 }]);
  });

  it("mails a storm as one digest a minute, in two processes, and none of it again", async () => {
    const [one, other] = [await open(), await open()];
    const batch = (first: number) =>
      Array.from({ length: 200 }, (_, n) => insert(first + n, banOf(first + n, standing())));
    const started = cloud.clock.now();
    await one.handle(batch(0));
    await other.handle(batch(200));
    expect(cloud.clock.now() - started).toBeGreaterThanOrEqual(60_000);
    await one.handle(batch(200));
    await other.handle(batch(0));
    expect(
      published().map(({ Subject, MessageAttributes }) => [Subject, MessageAttributes?.kind?.StringValue]),
    ).toEqual(Array(2).fill(["[Fail2Ban] 200 bans in web from prod", "digest"]));
    expect([one.out.sum("MailsDigested"), other.out.sum("MailsDigested")]).toEqual([200, 200]);
  });

  it("asks for the whole batch again where a topic fails, and mails only what lacks", async () => {
    const { handle, out } = await open();
    const throttled = Object.assign(new Error("slow down"), {
      name: "ThrottledException",
      $fault: "client",
      $metadata: { httpStatusCode: 429 },
    });
    sns.on(PublishCommand, { TopicArn: OPS }).rejectsOnce(throttled).resolves({ MessageId: "1" });
    const records = [insert(7, banOf(1, standing())), insert(8, banOf(2, standing({ jail: "ssh" })))];
    expect(await handle(records)).toEqual({ batchItemFailures: [{ itemIdentifier: "7" }] });
    expect(out.logs()).toMatchObject([
      { message: "people were told of bans", mails: 1 },
      { level: "ERROR", topic: OPS, error: { code: "unavailable" } },
    ]);
    expect(await handle(records)).toEqual({ batchItemFailures: [] });
    expect(published().map(({ TopicArn }) => TopicArn)).toEqual([OPS, SOC, OPS]);
  });

  it("asks again where time runs out before the slot", async () => {
    const { handle } = await open({ remaining: 50_000 });
    const records = (first: number) =>
      Array.from({ length: 6 }, (_, n) => insert(first + n, banOf(first + n, standing())));
    expect(await handle(records(0))).toEqual({ batchItemFailures: [] });
    expect(await handle(records(6))).toEqual({ batchItemFailures: [{ itemIdentifier: "6" }] });
  });

  it("sets a mail aside that SNS will never take", async () => {
    const { handle, setAside, out } = await open();
    const invalid = { name: "InvalidParameterException", $fault: "client", $metadata: { httpStatusCode: 400 } };
    sns.on(PublishCommand).rejects(Object.assign(new Error("no"), invalid));
    expect(await handle([insert(1, banOf(1, standing()))])).toEqual({ batchItemFailures: [] });
    expect(setAside.items).toMatchObject([{ source: OPS, body: expect.stringContaining("198.18.0.1") }]);
    expect(out.sum("Malformed")).toBe(1);
  });

  it.each<{ name: string; records: DynamoDBRecord[] }>([
    { name: "an empty batch", records: [] },
    {
      name: "a row that is no ban",
      records: [{ eventName: "INSERT", dynamodb: { SequenceNumber: "1", NewImage: {} } }],
    },
    { name: "no record at all", records: [{}] },
    { name: "a ban that was over before", records: [insert(1, banOf(1, { since: 0, expiresAt: 1 }))] },
  ])("mails nobody for $name", async ({ records }) => {
    const { handle } = await open();
    expect(await handle(records)).toEqual({ batchItemFailures: [] });
    expect(published()).toEqual([]);
  });
});

function standing(change: Partial<Ban> = {}): Partial<Ban> {
  return { since: START, expiresAt: START + 86_400_000, ...change };
}

function insert(sequence: number, ban: Ban): DynamoDBRecord {
  return { eventName: "INSERT", dynamodb: { SequenceNumber: String(sequence), NewImage: image(ban) } };
}

function remove(sequence: number, ban: Ban): DynamoDBRecord {
  return { eventName: "REMOVE", dynamodb: { SequenceNumber: String(sequence), OldImage: image(ban) } };
}

function image(ban: Ban) {
  return encodeBan(ban) as NonNullable<NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"]>;
}
