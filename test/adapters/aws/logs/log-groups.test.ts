/** Log groups as the service answers: what they are, which patterns match, and reading back through every hiccup. */
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeSubscriptionFiltersCommand,
  type FilteredLogEvent,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  GetTransformerCommand,
  TestMetricFilterCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { mockClient } from "aws-sdk-client-mock";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { createLogGroups } from "../../../../shared/adapters/aws/logs/log-groups.ts";
import type { GroupLine } from "../../../../shared/ports/log-groups.ts";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
const mock = mockClient(CloudWatchLogsClient);
const waits: number[] = [];
let clock = 0;
const groups = createLogGroups(new CloudWatchLogsClient({ region: "eu-central-1" }), {
  now: () => clock,
  wait: async (duration) => {
    waits.push(duration);
    clock += duration;
  },
});

beforeEach(() => {
  mock.reset();
  waits.length = 0;
  clock = 1_000_000;
});

const fault = (name: string, status = 400) =>
  Object.assign(new Error(name), { name, $fault: "client", $metadata: { httpStatusCode: status } });
const missing = fault("ResourceNotFoundException");

describe("a log group", () => {
  const found = { logGroupName: "/var/log/web", logGroupClass: "STANDARD", retentionInDays: 7 } as const;

  it("is the one of exactly this name, on whatever page", async () => {
    mock.on(GetTransformerCommand).rejects(missing);
    mock
      .on(DescribeLogGroupsCommand)
      .resolvesOnce({ logGroups: [{ logGroupName: "/var/log/web-2" }], nextToken: "2" })
      .resolvesOnce({ logGroups: [found] });
    expect(await groups.find("/var/log/web")).toEqual({
      name: "/var/log/web",
      class: "STANDARD",
      retention: 7,
      transformed: false,
    });
  });

  it("is not one whose name only begins so", async () => {
    mock.on(DescribeLogGroupsCommand).resolves({ logGroups: [{ logGroupName: "/var/log/web-2" }] });
    expect(await groups.find("/var/log/web")).toBeUndefined();
  });

  it.each([
    { name: "an empty answer", config: {}, transformed: false },
    { name: "a transformer", config: { transformerConfig: [{ parseJSON: {} }] }, transformed: true },
  ])("with $name is transformed: $transformed", async ({ config, transformed }) => {
    mock
      .on(DescribeLogGroupsCommand)
      .resolves({ logGroups: [found] })
      .on(GetTransformerCommand)
      .resolves(config);
    expect((await groups.find("/var/log/web"))?.transformed).toBe(transformed);
  });

  it("has subscriptions", async () => {
    mock.on(DescribeSubscriptionFiltersCommand).resolves({
      subscriptionFilters: [
        { filterName: "f", destinationArn: "arn:f", filterPattern: '?"401"' },
        { filterName: "g", destinationArn: "arn:g", applyOnTransformedLogs: true },
      ],
    });
    expect(await groups.subscriptions("/var/log/web")).toEqual([
      { name: "f", destination: "arn:f", pattern: '?"401"', transformed: false },
      { name: "g", destination: "arn:g", pattern: "", transformed: true },
    ]);
  });

  it("sifts messages fifty at a time, the same text as often as it comes", async () => {
    mock.on(TestMetricFilterCommand).callsFake(({ logEventMessages }: { logEventMessages: string[] }) => ({
      matches: logEventMessages.flatMap((eventMessage, eventNumber) =>
        eventMessage.includes("401") ? [{ eventMessage, eventNumber }] : [],
      ),
    }));
    const messages = Array.from({ length: 120 }, (_, index) => (index % 3 === 0 ? "a 401" : `b ${index}`));
    expect(await groups.sift('?"401"', messages)).toEqual(messages.map((text) => text === "a 401"));
    expect(
      mock.commandCalls(TestMetricFilterCommand).map(({ args }) => args[0].input.logEventMessages?.length),
    ).toEqual([50, 50, 20]);
  });

  it("says what is wrong with a pattern", async () => {
    mock.on(TestMetricFilterCommand).rejects(fault("InvalidParameterException"));
    await expect(groups.sift("{", ["a"])).rejects.toMatchObject({ code: "rejected" });
  });
});

/** A log group of events with their times, read in pages of `size`; `faults` come in the place of an answer. */
function serve(times: readonly number[], size: number, faults: (call: number) => Error | undefined = () => undefined) {
  const events = times.map((timestamp, index): FilteredLogEvent => {
    return { eventId: `e${index}`, timestamp, message: `line ${index}`, logStreamName: "i-0a" };
  });
  let calls = 0;
  mock.on(FilterLogEventsCommand).callsFake(async ({ startTime, endTime, nextToken }: FilterLogEventsCommandInput) => {
    const error = faults(calls++);
    if (error !== undefined) throw error;
    const { start, from } = nextToken === undefined ? { start: startTime, from: 0 } : JSON.parse(nextToken);
    const all = events
      .filter(({ timestamp }) => timestamp! >= start && timestamp! <= endTime!)
      .sort((a, b) => a.timestamp! - b.timestamp!);
    const next = from + size < all.length ? { nextToken: JSON.stringify({ start, from: from + size }) } : {};
    return { events: all.slice(from, from + size), ...next };
  });
}

async function readAll(since = 0, until = 1_000): Promise<GroupLine[]> {
  const lines: GroupLine[] = [];
  for await (const page of groups.read("/var/log/web", { since, until })) lines.push(...page);
  return lines;
}

describe("reading back", () => {
  it("gives every event of the span, its ends included", async () => {
    serve([9, 10, 11, 20, 21], 2);
    expect(await readAll(10, 20)).toEqual(
      [10, 11, 20].map((at, index) => ({ id: `e${index + 1}`, stream: "i-0a", at, text: `line ${index + 1}` })),
    );
  });

  it("leaves a second between five requests", async () => {
    serve(
      Array.from({ length: 10 }, (_, index) => index),
      2,
    );
    const begin = clock;
    expect(await readAll()).toHaveLength(10);
    expect(clock - begin).toBe(4 * 250);
  });

  it("goes through pages without events", async () => {
    mock.on(FilterLogEventsCommand).resolvesOnce({ nextToken: "a" }).resolvesOnce({ events: [], nextToken: "b" });
    mock.on(FilterLogEventsCommand, { nextToken: "b" }).resolves({
      events: [{ eventId: "x", timestamp: 5, message: "m", logStreamName: "s" }],
    });
    expect(await readAll()).toEqual([{ id: "x", stream: "s", at: 5, text: "m" }]);
  });

  it("gives up after five failures in a row, and tells what kind they were", async () => {
    serve([1], 1, () => fault("ThrottlingException"));
    await expect(readAll()).rejects.toMatchObject({ code: "unavailable" });
    expect(waits.filter((wait) => wait >= 2_000)).toEqual([2_000, 4_000, 8_000, 16_000]);
  });

  it.each(["AccessDeniedException", "ResourceNotFoundException"])("does not insist on %s", async (name) => {
    serve([1], 1, () => fault(name));
    await expect(readAll()).rejects.toThrow(name);
    expect(mock.commandCalls(FilterLogEventsCommand)).toHaveLength(1);
  });

  it("gives each event once and in order, whatever fails in between", async () => {
    const faulty = fc.record({
      times: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 40 }),
      size: fc.integer({ min: 1, max: 7 }),
      fail: fc.array(fc.constantFrom("", "", "ThrottlingException", "InvalidParameterException"), { maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(faulty, async ({ times, size, fail }) => {
        mock.reset();
        let row = 0;
        serve(times, size, (call) => {
          const name = fail[call] ?? "";
          // Four in a row at most, and only a token can be too old.
          row = name === "" || row === 4 || (name === "InvalidParameterException" && !hasToken(call)) ? 0 : row + 1;
          return row === 0 ? undefined : fault(name);
        });
        const lines = await readAll();
        expect(lines.map(({ id }) => id).sort()).toEqual(times.map((_, index) => `e${index}`).sort());
        expect(lines.map(({ at }) => at)).toEqual([...times].sort((a, b) => a - b));
      }),
      { numRuns: 150 },
    );
  });
});

function hasToken(call: number): boolean {
  return mock.commandCalls(FilterLogEventsCommand)[call]?.args[0].input.nextToken !== undefined;
}
