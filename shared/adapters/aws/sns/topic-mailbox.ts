/** Mail by SNS: recipients are a topic's subscribers, so each address of the mail actions has a topic of its own. */
import type { SNSClient } from "@aws-sdk/client-sns";
import type { Mailbox } from "../../../ports/mailbox.ts";
import { publish } from "./topic.ts";

/** Topic ARN by address; "*" = every address that has none of its own. */
export type MailTopics = ReadonlyMap<string, string>;

export function createTopicMailbox(client: SNSClient, topics: MailTopics): Mailbox {
  return {
    boxOf: (dest) => topics.get(dest) ?? topics.get("*"),
    send: (topic, { subject, text, kind, jail }) =>
      publish(client, topic, { subject, text, attributes: { kind, severity: "notice", jail } }),
  };
}

/** Reads MAIL_TOPICS: {"ops@example.org": "arn:…", "*": "arn:…"}. Throws an Error that says what is wrong with it. */
export function parseMailTopics(text: string): MailTopics {
  const entries = Object.entries(parseObject(text));
  const wrong = entries.filter(([, arn]) => typeof arn !== "string" || !arn.startsWith("arn:"));
  if (wrong.length === 0) return new Map(entries as [string, string][]);
  const names = wrong.map(([dest]) => dest).join(", ");
  throw new Error(`MAIL_TOPICS has no topic ARN for ${names}: deploy the stack again`);
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below, as anything else that is no object.
  }
  throw new Error("MAIL_TOPICS is no JSON object: deploy the stack again");
}
