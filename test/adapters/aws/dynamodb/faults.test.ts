/** What a service that throttles, hangs, forgets half or loses its answers does to the state: bounded, and never twice. */
import { randomBytes } from "node:crypto";
import { createServer, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BatchGetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dynamoDBOptions } from "../../../../shared/adapters/aws/client.ts";
import { createCloudState } from "../../../../shared/adapters/aws/dynamodb/cloud-state.ts";
import type { Window } from "../../../../shared/core/detect/window.ts";
import { sampleBan, sampleFailure, target } from "../../../contracts/samples.ts";
import { type Engine, openEngine } from "../../../support/dynalite.ts";

const PATIENCE = { attempts: 3, connectionTimeout: 300, requestTimeout: 300 };
const key = { jail: "web", id: target("192.0.2.1") };
const window: Window = { failures: [sampleFailure(1)], closed: undefined };

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine();
});
beforeEach(() => engine.empty());
afterAll(() => engine.close());

/** What the service does with the nth request, from 1. */
type Fault = { readonly status: number; readonly type: string } | "hang" | "drop" | "lose the answer" | "work";

describe("a service in trouble", () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  /** The state behind a service that misbehaves, and how many requests it was sent. */
  async function troubled(faultOf: (nth: number) => Fault) {
    let requests = 0;
    const server: Server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        requests++;
        misbehave(faultOf(requests), response, (answered) => {
          const options = { method: "POST", headers: incoming.headers };
          request(engine.endpoint, options, answered).end(Buffer.concat(chunks));
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new DynamoDBClient(dynamoDBOptions({ DYNAMODB_ENDPOINT: endpoint }, PATIENCE));
    closing.push(() => {
      client.destroy();
      server.closeAllConnections();
      server.close();
    });
    return { state: createCloudState(client, engine.tables), requests: () => requests };
  }

  function misbehave(fault: Fault, response: ServerResponse, work: (answered: Parameters<typeof request>[2]) => void) {
    switch (fault) {
      case "hang":
        return;
      case "drop":
        response.destroy();
        return;
      case "lose the answer":
        work((answer) => answer.resume().on("end", () => response.destroy()));
        return;
      case "work":
        work((answer) => {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
        });
        return;
      default: {
        const body = JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${fault.type}`, message: "so" });
        response.writeHead(fault.status, { "content-type": "application/x-amz-json-1.0" }).end(body);
      }
    }
  }

  it.each<{ name: string; fault: Fault; code: string; requests: number }>([
    { name: "throttles", fault: { status: 400, type: "ThrottlingException" }, code: "unavailable", requests: 3 },
    {
      name: "has no throughput",
      fault: { status: 400, type: "ProvisionedThroughputExceededException" },
      code: "unavailable",
      requests: 3,
    },
    { name: "is broken", fault: { status: 500, type: "InternalServerError" }, code: "unavailable", requests: 3 },
    { name: "never answers", fault: "hang", code: "unavailable", requests: 3 },
    { name: "hangs up", fault: "drop", code: "unavailable", requests: 3 },
    {
      name: "finds the token expired",
      fault: { status: 400, type: "ExpiredTokenException" },
      code: "denied",
      requests: 1,
    },
    { name: "denies", fault: { status: 400, type: "AccessDeniedException" }, code: "denied", requests: 1 },
    {
      name: "lacks the table",
      fault: { status: 400, type: "ResourceNotFoundException" },
      code: "missing",
      requests: 1,
    },
    { name: "finds it wrong", fault: { status: 400, type: "ValidationException" }, code: "rejected", requests: 1 },
  ])("that always $name is asked $requests times: $code", async ({ fault, code, requests }) => {
    const subject = await troubled(() => fault);
    await expect(subject.state.control.entries()).rejects.toMatchObject({ name: "PortError", code });
    expect(subject.requests()).toBe(requests);
  });

  it.each<{ name: string; fault: Fault }>([
    { name: "throttles", fault: { status: 400, type: "ThrottlingException" } },
    { name: "hangs", fault: "hang" },
    { name: "breaks", fault: { status: 503, type: "ServiceUnavailable" } },
  ])("that $name once does not show", async ({ fault }) => {
    const subject = await troubled((nth) => (nth === 1 ? fault : "work"));
    expect(await subject.state.windows.save(key, window, 0, 9)).toBe("saved");
    expect(subject.requests()).toBe(2);
  });

  describe("that loses the answer to a write", () => {
    const losing = () => troubled((nth) => (nth === 1 ? "lose the answer" : "work"));

    it("makes a window's writer look again, and find its failures counted", async () => {
      const { state } = await losing();
      expect(await state.windows.save(key, window, 0, 9)).toBe("conflict");
      expect((await state.windows.load([key]))[0]!.window).toEqual(window);
    });

    it("makes a ban stand", async () => {
      const { state } = await losing();
      expect(await state.bans.put(sampleBan())).toEqual({ kind: "standing", ban: sampleBan() });
      expect(await state.bans.ofId(sampleBan().id)).toEqual([sampleBan()]);
    });

    it("raises no total and no history twice", async () => {
      const totals = await losing();
      await totals.state.totals.add("batch", new Map([["web", { failed: 1, banned: 0, ignored: 0 }]]));
      expect((await totals.state.totals.read()).get("web")?.failed).toBe(1);
      const offenders = await losing();
      await offenders.state.offenders.record(sampleBan());
      expect((await offenders.state.offenders.history(sampleBan().id))[0]!.count).toBe(1);
    });

    it("leaves a long ruleset whole", async () => {
      // Two pieces and their number are written before the row that names them.
      const { state } = await troubled((nth) => (nth === 4 ? "lose the answer" : "work"));
      const ruleset = randomBytes(600_000).toString("base64");
      const edition = { hash: "h", revision: 7, since: 7_000, ruleset };
      expect(await state.editions.replace(edition, undefined)).toBe("saved");
      expect(await state.editions.current()).toEqual(edition);
    });

    it("wastes a slot, and gives none to two", async () => {
      const { state } = await losing();
      expect(await state.pace.reserve("commands", 70, 1_000)).toBe(70);
      expect(await state.pace.reserve("commands", 70, 1_000)).toBe(140);
    });
  });
});

describe("a batch of reads that comes back in part", () => {
  const keys = Array.from({ length: 250 }, (_, nth) => ({ jail: "web", id: target(`10.0.0.${nth}`) }));

  /** A service that reads so many keys of each request, and the waits in between. */
  function partial(read: (asked: number, nth: number) => number) {
    const client = new DynamoDBClient({ region: "us-east-1" });
    const waits: number[] = [];
    const sizes: number[] = [];
    mockClient(client)
      .on(BatchGetItemCommand)
      .callsFake((input: { RequestItems: Record<string, { Keys: { key: { S: string } }[] }> }) => {
        const asked = input.RequestItems.windows!.Keys;
        sizes.push(asked.length);
        const enough = read(asked.length, sizes.length);
        const rows = asked
          .slice(0, enough)
          .map((row) => ({ ...row, version: { N: "7" }, window: { S: "[null,[],[]]" } }));
        const left = asked.slice(enough);
        return {
          Responses: { windows: rows },
          ...(left.length > 0 && { UnprocessedKeys: { windows: { Keys: left } } }),
        };
      });
    const wait = async (duration: number) => void waits.push(duration);
    const { windows } = createCloudState(client, { windows: "windows", bans: "bans", control: "control" }, { wait });
    return { windows, waits, sizes };
  }

  it("is asked for what is left, a hundred at a time", async () => {
    const { windows, sizes } = partial((asked) => Math.ceil(asked / 2));
    const stored = await windows.load([...keys, ...keys]);
    expect(stored.map(({ version }) => version)).toEqual(Array.from({ length: 500 }, () => 7));
    expect(Math.max(...sizes)).toBe(100);
    expect(sizes.slice(0, 4)).toEqual([100, 50, 25, 12]);
  });

  it("bears with a pause, waiting longer each time", async () => {
    const { windows, waits } = partial((asked, nth) => (nth <= 4 ? 0 : asked));
    expect((await windows.load(keys.slice(0, 3))).length).toBe(3);
    expect(waits).toEqual([100, 200, 400, 800]);
  });

  it("is given up when nothing comes any more", async () => {
    const { windows, sizes } = partial(() => 0);
    await expect(windows.load(keys.slice(0, 3))).rejects.toMatchObject({ name: "PortError", code: "unavailable" });
    expect(sizes.length).toBe(6);
  });
});
