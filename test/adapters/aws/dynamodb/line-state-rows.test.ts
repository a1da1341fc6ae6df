/** Rows of line states that somebody else wrote, and how rows are laid out. */
import { type AttributeValue, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCloudState } from "../../../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { EMPTY_LINE_STATE } from "../../../../shared/core/filter/line-state.ts";
import type { PortError } from "../../../../shared/ports/failure.ts";
import { type Engine, openEngine } from "../../../support/dynalite.ts";

describe("a row of the control table", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine();
  });
  afterAll(() => engine.close());

  const key = { jail: "sshd", stream: "i-1/var/log/auth" };
  const Key = { kind: { S: "lines sshd" }, key: { S: key.stream } };
  const open = () => createCloudState(engine.client, engine.tables, { now: () => 7_000 }).lineStates;

  it("begins at the clock, goes on by one, and goes by TTL", async () => {
    const state = { ...EMPTY_LINE_STATE, horizon: 1 };
    await open().save(key, state, 0, 3_600_500);
    const read = async () =>
      (await engine.client.send(new GetItemCommand({ TableName: engine.tables.control, Key }))).Item!;
    expect(await read()).toMatchObject({
      version: { N: "7000" },
      ttl: { N: "3601" },
      state: { S: JSON.stringify(state) },
    });
    await open().save(key, { ...state, buffer: [{ text: "x".repeat(2_000), start: 0, end: 0 }] }, 7_000, 3_600_500);
    const second = await read();
    expect(second).toMatchObject({ version: { N: "7001" } });
    expect(second.state!.B!.length).toBeLessThan(200);
  });

  it.each<{ name: string; more: Record<string, AttributeValue> }>([
    { name: "no state", more: { version: { N: "1" } } },
    { name: "text that is no JSON", more: { version: { N: "1" }, state: { S: "{" } } },
    { name: "JSON that is no state", more: { version: { N: "1" }, state: { S: '{"sessions":[]}' } } },
    { name: "bytes that are not deflated", more: { version: { N: "1" }, state: { B: Uint8Array.from([1, 2, 3]) } } },
    { name: "no version", more: { state: { S: "{" } } },
  ])("counts as empty, is told, and is replaced, with $name", async ({ more }) => {
    const Item = { ...Key, ...more };
    await engine.client.send(new PutItemCommand({ TableName: engine.tables.control, Item }));
    const told: PortError[] = [];
    const { lineStates } = createCloudState(engine.client, engine.tables, {
      unreadable: (error) => void told.push(error),
    });
    const [stored] = await lineStates.load([key]);
    expect(stored!.state).toEqual(EMPTY_LINE_STATE);
    expect(told).toMatchObject([{ message: "what sshd remembers of i-1/var/log/auth cannot be read" }]);
    expect(await lineStates.save(key, { ...EMPTY_LINE_STATE, horizon: 5 }, stored!.version, 1)).toBe("saved");
    expect((await lineStates.load([key]))[0]!.state.horizon).toBe(5);
  });
});
