/** Publishing to a topic: the one place that calls SNS. Standard topics know no duplicates, so a mail may come twice. */
import { type MessageAttributeValue, PublishCommand, type SNSClient } from "@aws-sdk/client-sns";
import { calling } from "../errors.ts";
import { messageOf, subjectOf } from "./message.ts";

export interface TopicMessage {
  readonly subject: string;
  readonly text: string;
  /** What filter policies of subscriptions see; a value that is absent is left out. */
  readonly attributes: { readonly kind: string; readonly severity: string; readonly jail?: string | undefined };
}

/** Publishes to the topic of this ARN. Throws a PortError. */
export async function publish(client: SNSClient, topic: string, message: TopicMessage): Promise<void> {
  const request = new PublishCommand({
    TopicArn: topic,
    Subject: subjectOf(message.subject),
    Message: messageOf(message.text),
    MessageAttributes: attributesOf(message.attributes),
  });
  await calling({ operation: "Publish", on: `topic ${topic}` }, () => client.send(request));
}

function attributesOf(attributes: TopicMessage["attributes"]): Record<string, MessageAttributeValue> {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(given.map(([name, value]) => [name, { DataType: "String", StringValue: value }]));
}
