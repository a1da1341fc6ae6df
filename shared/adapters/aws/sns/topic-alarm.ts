/** Alarms for people, to the stack's alarm topic. */
import type { SNSClient } from "@aws-sdk/client-sns";
import type { Alarm } from "../../../ports/alarm.ts";
import { publish } from "./topic.ts";

export function createTopicAlarm(client: SNSClient, topic: string): Alarm {
  return {
    raise: ({ subject, text }) =>
      publish(client, topic, { subject, text, attributes: { kind: "alarm", severity: "alarm" } }),
  };
}
