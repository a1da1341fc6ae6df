/** Marks as rows, and in memory. */
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCloudState } from "../../../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { createMemoryMarks } from "../../../app/memory-marks.ts";
import { marksContract } from "../../../contracts/marks.contract.ts";
import { type Engine, openEngine } from "../../../support/dynalite.ts";

describe("what was done", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine();
  });
  afterAll(() => engine.close());

  marksContract("DynamoDB", async () => {
    await engine.empty();
    const port = createCloudState(engine.client, engine.tables).marks;
    return { port, run: (work) => work(), close: async () => undefined };
  });
  marksContract("memory", async () => ({
    port: createMemoryMarks(),
    run: (work) => work(),
    close: async () => undefined,
  }));

  it("is forgotten by TTL, in whole seconds and not before its time", async () => {
    await createCloudState(engine.client, engine.tables).marks.note("mail", 1_001);
    const key = { kind: { S: "mark" }, key: { S: "mail" } };
    const { Item } = await engine.client.send(new GetItemCommand({ TableName: engine.tables.control, Key: key }));
    expect(Item?.ttl).toEqual({ N: "2" });
  });
});
