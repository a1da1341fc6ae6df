/** The subscribers of SNS topics. */
import { ListSubscriptionsByTopicCommand, type SNSClient } from "@aws-sdk/client-sns";
import type { Subscriber, Subscribers } from "../../../ports/subscribers.ts";
import { calling } from "../errors.ts";

/** What SNS writes in the place of an ARN until the address has answered. */
const PENDING = "PendingConfirmation";

export function createSubscribers(client: SNSClient): Subscribers {
  return {
    async of(topic) {
      const found: Subscriber[] = [];
      let token: string | undefined;
      do {
        const page = await calling({ operation: "sns:ListSubscriptionsByTopic", on: `the topic ${topic}` }, () =>
          client.send(
            new ListSubscriptionsByTopicCommand({ TopicArn: topic, ...(token !== undefined && { NextToken: token }) }),
          ),
        );
        for (const { Protocol = "", Endpoint = "", SubscriptionArn } of page.Subscriptions ?? []) {
          found.push({ protocol: Protocol, endpoint: Endpoint, confirmed: SubscriptionArn !== PENDING });
        }
        token = page.NextToken === "" ? undefined : page.NextToken;
      } while (token !== undefined);
      return found;
    },
  };
}
