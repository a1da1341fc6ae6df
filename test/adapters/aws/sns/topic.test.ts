/** What is published to SNS: never anything that the service refuses, and its errors in the ports' words. */
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { mockClient } from "aws-sdk-client-mock";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { messageOf, subjectOf } from "../../../../shared/adapters/aws/sns/message.ts";
import { createTopicAlarm } from "../../../../shared/adapters/aws/sns/topic-alarm.ts";
import { createTopicMailbox, parseMailTopics } from "../../../../shared/adapters/aws/sns/topic-mailbox.ts";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
const TOPIC = "arn:aws:sns:eu-central-1:123456789012:mail";
const client = new SNSClient({ region: "eu-central-1" });
const sns = mockClient(client);
beforeEach(() => {
  sns.reset();
  sns.on(PublishCommand).resolves({ MessageId: "1" });
});
const published = () => sns.commandCalls(PublishCommand).map((call) => call.args[0].input);

describe("a subject", () => {
  it.each([
    { name: "is kept as it is", text: "[Fail2Ban] Web: banned 192.0.2.1 from prod" },
    { name: "loses line breaks", text: "a\r\nBcc: x\n\u2028y", expected: "a Bcc: x y" },
    { name: "loses control characters", text: "a\x00\x1b[31mb\x7f", expected: "a??[31mb?" },
    { name: "keeps letters of their accents", text: "Zürich – Café", expected: "Zurich ? Cafe" },
    { name: "is cut below 100 characters", text: "x".repeat(300), expected: `${"x".repeat(96)}...` },
    { name: "is never empty", text: " \n ", expected: "[Fail2Ban]" },
  ])("$name", ({ text, expected = text }) => expect(subjectOf(text)).toBe(expected));

  it("is one that SNS takes, whatever it is made of", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(subjectOf(text)).toMatch(/^[!-~][ -~]{0,98}$/);
      }),
    );
  });
});

describe("a message", () => {
  it.each([
    { name: "of one byte a character", character: "x" },
    { name: "of three bytes a character", character: "€" },
    { name: "of four bytes a character", character: "😀" },
    { name: "of halves of characters", character: "\ud83d" },
  ])("$name is cut to what fits, between characters, and says so", ({ character }) => {
    const text = messageOf(character.repeat(300_000));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(256 * 1024);
    expect(Buffer.byteLength(text)).toBeGreaterThan(254 * 1024);
    expect(text.endsWith("(The rest of this mail was too long and is left out.)\n")).toBe(true);
    // A cut inside a character, or half of one let through, would not come back the same.
    expect(Buffer.from(text, "utf8").toString("utf8")).toBe(text);
    if (character !== "\ud83d") expect(text).not.toContain("\ufffd");
  });

  it("is left alone where it fits, and never empty", () => {
    expect(messageOf("x".repeat(255 * 1024))).toBe("x".repeat(255 * 1024));
    expect(messageOf("")).not.toBe("");
  });
});

describe("a mailbox", () => {
  const mailbox = createTopicMailbox(
    client,
    new Map([
      ["ops@example.org", TOPIC],
      ["*", `${TOPIC}-rest`],
    ]),
  );

  it("has a topic for each address, and one for the rest", () => {
    expect(mailbox.boxOf("ops@example.org")).toBe(TOPIC);
    expect(mailbox.boxOf("root")).toBe(`${TOPIC}-rest`);
    expect(createTopicMailbox(client, new Map()).boxOf("root")).toBeUndefined();
  });

  it("publishes with what subscribers filter by", async () => {
    await mailbox.send(TOPIC, { subject: "a\nb", text: "text", kind: "ban", jail: "web" });
    await mailbox.send(TOPIC, { subject: "a", text: "", kind: "digest", jail: undefined });
    expect(published()).toEqual([
      {
        TopicArn: TOPIC,
        Subject: "a b",
        Message: "text",
        MessageAttributes: {
          kind: { DataType: "String", StringValue: "ban" },
          severity: { DataType: "String", StringValue: "notice" },
          jail: { DataType: "String", StringValue: "web" },
        },
      },
      {
        TopicArn: TOPIC,
        Subject: "a",
        Message: "(This mail has no text.)\n",
        MessageAttributes: {
          kind: { DataType: "String", StringValue: "digest" },
          severity: { DataType: "String", StringValue: "notice" },
        },
      },
    ]);
  });

  it.each([
    { name: "ThrottledException", status: 429, code: "unavailable" },
    { name: "InternalErrorException", status: 500, code: "unavailable" },
    { name: "AuthorizationErrorException", status: 403, code: "denied" },
    { name: "KMSAccessDeniedException", status: 400, code: "denied" },
    { name: "NotFoundException", status: 404, code: "missing" },
    { name: "InvalidParameterException", status: 400, code: "rejected" },
  ])("says $code for $name", async ({ name, status, code }) => {
    sns.reset();
    sns
      .on(PublishCommand)
      .rejects(Object.assign(new Error("no"), { name, $fault: "client", $metadata: { httpStatusCode: status } }));
    await expect(mailbox.send(TOPIC, { subject: "s", text: "t", kind: "ban", jail: "web" })).rejects.toMatchObject({
      code,
      message: `Publish on topic ${TOPIC} failed: ${name}: no`,
    });
  });
});

describe("an alarm", () => {
  it("goes to the alarm topic", async () => {
    await createTopicAlarm(client, TOPIC).raise({ subject: "the breaker of jail web tripped", text: "Look." });
    expect(published()).toMatchObject([
      {
        TopicArn: TOPIC,
        Subject: "the breaker of jail web tripped",
        Message: "Look.",
        MessageAttributes: { kind: { StringValue: "alarm" }, severity: { StringValue: "alarm" } },
      },
    ]);
  });
});

describe("MAIL_TOPICS", () => {
  it("names a topic for each address", () => {
    expect(parseMailTopics(`{"a@b": "${TOPIC}"}`)).toEqual(new Map([["a@b", TOPIC]]));
  });

  it.each([
    { text: "no json", error: "MAIL_TOPICS is no JSON object: deploy the stack again" },
    { text: "[]", error: "MAIL_TOPICS is no JSON object: deploy the stack again" },
    { text: '{"a@b": "x", "c@d": 1}', error: "MAIL_TOPICS has no topic ARN for a@b, c@d: deploy the stack again" },
  ])("$text is refused", ({ text, error }) => expect(() => parseMailTopics(text)).toThrow(error));
});
