/** Log groups in CloudWatch Logs. */
import {
  type CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeSubscriptionFiltersCommand,
  GetTransformerCommand,
  TestMetricFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { PortError } from "../../../ports/failure.ts";
import type { LogGroupFacts, LogGroups, Subscription } from "../../../ports/log-groups.ts";
import { calling } from "../errors.ts";
import { type ReadOptions, readEvents } from "./read-events.ts";

/** Messages that one TestMetricFilter takes. */
const TESTED_AT_ONCE = 50;

export function createLogGroups(client: CloudWatchLogsClient, options: ReadOptions): LogGroups {
  return {
    async find(name) {
      const doing = { operation: "logs:DescribeLogGroups", on: `the log group ${name}` };
      let nextToken: string | undefined;
      do {
        const page = await calling(doing, () =>
          client.send(
            new DescribeLogGroupsCommand({ logGroupNamePrefix: name, ...(nextToken !== undefined && { nextToken }) }),
          ),
        );
        const found = page.logGroups?.find((group) => group.logGroupName === name);
        if (found !== undefined) {
          return {
            name,
            class: found.logGroupClass ?? "STANDARD",
            retention: found.retentionInDays,
            transformed: await isTransformed(client, name),
          } satisfies LogGroupFacts;
        }
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return undefined;
    },
    async subscriptions(name) {
      const { subscriptionFilters = [] } = await calling(
        { operation: "logs:DescribeSubscriptionFilters", on: `the log group ${name}` },
        () => client.send(new DescribeSubscriptionFiltersCommand({ logGroupName: name })),
      );
      return subscriptionFilters.map(
        (filter): Subscription => ({
          name: filter.filterName ?? "",
          destination: filter.destinationArn ?? "",
          pattern: filter.filterPattern ?? "",
          transformed: filter.applyOnTransformedLogs === true,
        }),
      );
    },
    async sift(pattern, messages) {
      const passed: boolean[] = [];
      for (let from = 0; from < messages.length; from += TESTED_AT_ONCE) {
        passed.push(...(await siftFew(client, pattern, messages.slice(from, from + TESTED_AT_ONCE))));
      }
      return passed;
    },
    read: (name, span) => readEvents(client, name, span, options),
  };
}

/** A log group without a transformer gives an empty answer or says that there is none. */
async function isTransformed(client: CloudWatchLogsClient, name: string): Promise<boolean> {
  try {
    const { transformerConfig = [] } = await calling(
      { operation: "logs:GetTransformer", on: `the log group ${name}` },
      () => client.send(new GetTransformerCommand({ logGroupIdentifier: name })),
    );
    return transformerConfig.length > 0;
  } catch (error) {
    // Direction: the group was just found, so what is missing is the transformer.
    if (error instanceof PortError && error.code === "missing") return false;
    throw error;
  }
}

/** The answer names messages by their text: whether their numbers begin with 0 or 1 is not documented. */
async function siftFew(client: CloudWatchLogsClient, pattern: string, messages: readonly string[]): Promise<boolean[]> {
  const { matches = [] } = await calling({ operation: "logs:TestMetricFilter", on: "the filter pattern" }, () =>
    client.send(new TestMetricFilterCommand({ filterPattern: pattern, logEventMessages: [...messages] })),
  );
  const passed = new Set(matches.map((match) => match.eventMessage));
  return messages.map((message) => passed.has(message));
}
