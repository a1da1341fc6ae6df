/** What is set aside arrives as a message that SQS takes, cut where it must be. */
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { mockClient } from "aws-sdk-client-mock";
import { beforeEach, describe, expect, it } from "vitest";
import { createSetAside, MESSAGE_LIMIT } from "../../../shared/adapters/aws/set-aside.ts";
import { PortError } from "../../../shared/ports/failure.ts";

const QUEUE = "https://sqs.us-east-1.amazonaws.com/000000000000/fleet2ban-aside";
const client = new SQSClient({ region: "us-east-1" });
const sqs = mockClient(client);
const aside = createSetAside(client, QUEUE);

beforeEach(() => {
  sqs.reset();
  sqs.on(SendMessageCommand).resolves({});
});

async function sent(item: { source: string; reason: string; body: string }) {
  await aside.put(item);
  const [call] = sqs.commandCalls(SendMessageCommand);
  expect(call!.args[0].input.QueueUrl).toBe(QUEUE);
  const text = call!.args[0].input.MessageBody!;
  return { text, message: JSON.parse(text) as Record<string, unknown> };
}

describe("what is set aside", () => {
  it.each([
    { name: "a payload", body: "eyJhIjoxfQ==" },
    { name: "nothing", body: "" },
    { name: "hostile text", body: '"\\\u0000\u001b\u2028\ufffe\uffff\ud800 é 漢 \u{1f600}' },
    { name: "as much as fits", body: "x".repeat(MESSAGE_LIMIT - 200) },
  ])("keeps $name whole", async ({ body }) => {
    const { text, message } = await sent({ source: "log group /a", reason: "not gzip", body });
    expect(message).toEqual({ source: "log group /a", reason: "not gzip", body });
    // The characters that SendMessage is documented to take.
    expect(text).toMatch(/^[\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
  });

  it.each([
    { name: "plain text", unit: "x" },
    { name: "characters of four bytes", unit: "\u{1f600}" },
    { name: "characters that JSON makes six times as long", unit: "\u0000" },
  ])("is cut, and says so: $name", async ({ unit }) => {
    const body = unit.repeat(700_000);
    const { text, message } = await sent({ source: "s".repeat(5_000), reason: "r", body });
    const size = Buffer.byteLength(text);
    expect(size).toBeLessThanOrEqual(MESSAGE_LIMIT);
    expect(size).toBeGreaterThan(MESSAGE_LIMIT - 20);
    expect(body.startsWith((message.body as string).slice(0, -1))).toBe(true);
    expect(message.cutFrom).toBe(Buffer.byteLength(body));
  });

  it("comes again where the queue is not there", async () => {
    const error = Object.assign(new Error("no such queue"), { name: "QueueDoesNotExist", $fault: "client" });
    sqs.on(SendMessageCommand).rejects(error);
    const failure = await aside.put({ source: "s", reason: "r", body: "b" }).catch((caught: unknown) => caught);
    expect(failure).toBeInstanceOf(PortError);
    expect(failure).toMatchObject({ code: "missing", message: expect.stringContaining("queue fleet2ban-aside") });
  });
});
