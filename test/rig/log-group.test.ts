/** The rig's log group: what a subscription promises, no more: every line that the pattern lets through, at least once. */
import { gunzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { createClockwork, DELAYS, type Delays } from "../../rig/delays.ts";
import { openLogGroup } from "../../rig/log-group.ts";
import { decodeEnvelope } from "../../shared/core/envelope.ts";

interface Payload {
  readonly messageType: string;
  readonly logStream: string;
  readonly subscriptionFilters: readonly string[];
  readonly logEvents: readonly { readonly id: string; readonly timestamp: number; readonly message: string }[];
}

const AT_ONCE: Delays = { ...DELAYS.none, retries: [1, 1] };

function open({ pattern = "", delays = AT_ONCE, answer = (_nth: number): boolean => true } = {}) {
  const payloads: Payload[] = [];
  const shipped: (readonly [string, number, number])[] = [];
  const lost: number[] = [];
  const group = openLogGroup({
    ...{ name: "/var/log/haproxy", pattern, filterName: "rig", number: 7, clockwork: createClockwork(delays) },
    deliver: async (event) => {
      const json = gunzipSync(Buffer.from((event as { awslogs: { data: string } }).awslogs.data, "base64"));
      expect(decodeEnvelope(json).kind).not.toBe("malformed");
      return answer(payloads.push(JSON.parse(json.toString()) as Payload));
    },
    shipped: (stream, lines, heldBack) => shipped.push([stream, lines.length, heldBack]),
    lost: (lines) => lost.push(lines),
  });
  const put = (...messages: readonly string[]) =>
    group.put(
      "i-web-1",
      messages.map((message) => ({ timestamp: 1_700_000_000_000, message })),
    );
  return { group, put, payloads, shipped, lost, data: () => payloads.slice(1) };
}

describe("the rig's log group", () => {
  it("asks first whether the function is there, in an envelope that belongs to no log group", async () => {
    const { payloads } = open();
    await vi.waitFor(() => expect(payloads).toHaveLength(1));
    expect(payloads).toMatchObject([{ messageType: "CONTROL_MESSAGE", owner: "CloudwatchLogs", logGroup: "" }]);
  });

  it("hands over what the pattern lets through, twice, in the stream of its host", async () => {
    const { put, data, shipped, group } = open({ pattern: '?" 404 " ?" 503 "' });
    put("a 404 b", "a 200 b", "a 503 b");
    await vi.waitFor(() => expect(data()).toHaveLength(2));
    const [first, second] = data();
    expect(second).toEqual(first);
    expect(first).toMatchObject({
      ...{ messageType: "DATA_MESSAGE", logGroup: "/var/log/haproxy", logStream: "i-web-1" },
      ...{ subscriptionFilters: ["rig"], logEvents: [{ message: "a 404 b" }, { message: "a 503 b" }] },
    });
    expect(shipped).toEqual([["i-web-1", 2, 1]]);
    expect(group.counts).toEqual({ collected: 3, heldBack: 1 });
  });

  it("hands over nothing where everything is held back", async () => {
    const { put, data, shipped } = open({ pattern: '?" 404 "' });
    put("a 200 b");
    put("a 404 b");
    await vi.waitFor(() => expect(data()).toHaveLength(2));
    expect(shipped).toEqual([["i-web-1", 1, 0]]);
  });

  it("gives each event an id of its own, as long as CloudWatch's", async () => {
    const { put, data } = open();
    put("one", "two");
    put("three");
    await vi.waitFor(() => expect(data()).toHaveLength(4));
    const ids = data().flatMap(({ logEvents }) => logEvents.map(({ id }) => id));
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^\d{56}$/);
  });

  it("tries three times, and says what is given up", async () => {
    const { put, data, lost } = open({ answer: (nth) => nth === 1 });
    put("one", "two");
    await vi.waitFor(() => expect(lost).toEqual([2, 2]));
    expect(data()).toHaveLength(6);
  });

  it("hands over nothing any more once it is closed", async () => {
    const { group, put, payloads, lost } = open({ delays: { ...AT_ONCE, subscription: [50, 50] } });
    put("one");
    group.close();
    await new Promise((wake) => setTimeout(wake, 150));
    expect({ payloads, lost }).toEqual({ payloads: [], lost: [] });
  });

  it("takes as long as the delays say, drawn anew for each envelope", async () => {
    const clockwork = createClockwork(DELAYS.aws);
    const [from, to] = DELAYS.aws.subscription;
    const drawn = Array.from({ length: 200 }, () => clockwork.draw([from, to]));
    for (const ms of drawn) {
      expect(ms).toBeGreaterThanOrEqual(from);
      expect(ms).toBeLessThanOrEqual(to);
    }
    const fifth = (to - from) / 5;
    for (let part = 0; part < 5; part += 1)
      expect(drawn.some((ms) => ms >= from + part * fifth && ms <= from + (part + 1) * fifth)).toBe(true);
    const again = createClockwork(DELAYS.aws);
    expect(drawn.map(() => again.draw([from, to]))).toEqual(drawn);
  });
});
