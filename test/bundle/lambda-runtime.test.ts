/** The emulated runtime interface keeps its promises: one event at a time, errors as AWS tells them, deadlines, new processes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type LambdaFunction, startLambda } from "../support/lambda-runtime.ts";

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

/** A function of one module, on this machine's own Node: what is under test here does not depend on it. */
async function lambda(module: string, timeoutMs = 30_000, clockAhead = 0): Promise<LambdaFunction> {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-lambda-"));
  writeFileSync(join(folder, "index.mjs"), module);
  const started = await startLambda({
    name: "sample",
    folder,
    node: process.execPath,
    environment: { MINE: "yes" },
    timeoutMs,
    clockAhead,
  });
  ended.push(
    () => started.stop(),
    () => rmSync(folder, { recursive: true }),
  );
  return started;
}

describe("the emulated Lambda runtime", () => {
  it("keeps the process between events, and tells only the first one as cold", async () => {
    const counting = await lambda("let n = 0; export const handler = async (event) => ({ event, n: ++n });");
    expect(await counting.invoke({ a: "ü" })).toEqual({
      kind: "result",
      value: { event: { a: "ü" }, n: 1 },
      cold: { load: expect.any(Number), total: expect.any(Number) },
    });
    expect(await counting.invoke([])).toEqual({ kind: "result", value: { event: [], n: 2 }, cold: undefined });
    counting.recycle();
    expect(await counting.resultOf(null)).toEqual({ event: null, n: 1 });
  });

  it("hands over one event at a time, in order", async () => {
    const slow = await lambda(`
      let open = 0;
      export const handler = async (event) => {
        open += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return [event, open--];
      };`);
    expect(await Promise.all([1, 2, 3].map((event) => slow.resultOf(event)))).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  it("gives the handler its context and its own environment, and nothing of this process", async () => {
    process.env.FLEET2BAN_LEAK = "1";
    const curious = await lambda(
      `export const handler = async (_, context) => ({
      name: context.functionName, arn: context.invokedFunctionArn, id: context.awsRequestId.length,
      time: context.getRemainingTimeInMillis() <= 5000, mine: process.env.MINE, leak: process.env.FLEET2BAN_LEAK,
      region: process.env.AWS_REGION, here: process.cwd() === process.env.LAMBDA_TASK_ROOT });`,
      5_000,
    );
    expect(await curious.resultOf({})).toEqual({
      name: "sample",
      arn: "arn:aws:lambda:eu-central-1:123456789012:function:sample",
      id: 36,
      time: true,
      mine: "yes",
      region: "eu-central-1",
      here: true,
    });
  });

  it("gives no event to a process that was ended, however late its request comes", async () => {
    const brief = await lambda("export const handler = async (event) => event;");
    for (let i = 0; i < 30; i += 1) {
      expect(await brief.resultOf(i)).toBe(i);
      brief.recycle();
    }
  });

  it("sets a function's clock ahead, and its deadline with it", async () => {
    const later = await lambda(
      "export const handler = async (_, context) => [Date.now(), context.getRemainingTimeInMillis()];",
      30_000,
      86_400_000,
    );
    const [now, remaining] = (await later.resultOf({})) as [number, number];
    expect(Math.abs(now - Date.now() - 86_400_000)).toBeLessThan(30_000);
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(30_000);
  });

  it("tells what a handler throws, and goes on in the same process", async () => {
    const failing = await lambda(
      'let n = 0; export const handler = async () => { n += 1; if (n === 1) throw new RangeError("too far"); return n; };',
    );
    expect(await failing.invoke({})).toMatchObject({
      kind: "error",
      errorType: "RangeError",
      errorMessage: "too far",
      stackTrace: expect.arrayContaining(["RangeError: too far"]),
    });
    expect(await failing.resultOf({})).toBe(2);
    await expect((await lambda("export const handler = async () => { throw 1; };")).resultOf({})).rejects.toThrow(
      '"errorType":"number"',
    );
  });

  it.each([
    { name: "throws", module: 'throw new TypeError("no table");', says: "no table" },
    { name: "exports no handler", module: "export const other = 1;", says: "index.handler is not exported" },
  ])("tells of a module that $name, every time", async ({ module, says }) => {
    const broken = await lambda(module);
    for (let i = 0; i < 2; i += 1)
      expect(await broken.invoke({})).toMatchObject({ kind: "error", errorMessage: expect.stringContaining(says) });
  });

  it("kills at the deadline and starts anew for the next event", async () => {
    const stuck = await lambda(
      "export const handler = async (event) => { if (event.loop) for (;;); return process.pid; };",
      1_000,
    );
    const first = await stuck.resultOf({});
    expect(await stuck.invoke({ loop: true })).toEqual({ kind: "timed out" });
    expect(await stuck.resultOf({})).not.toBe(first);
  });

  it("tells of a Node that cannot be started", async () => {
    const none = await startLambda({ name: "none", folder: tmpdir(), node: join(tmpdir(), "no-such-node") });
    ended.push(() => none.stop());
    expect(await none.invoke({})).toEqual({ kind: "exited", code: null });
    expect(none.log.join()).toContain("ENOENT");
  });

  it("tells of a process that ends by itself, and keeps what it wrote", async () => {
    const leaving = await lambda(
      'export const handler = async (event) => { console.log("{}"); if (event.leave) process.exit(3); return 1; };',
    );
    expect(await leaving.invoke({ leave: true })).toEqual({ kind: "exited", code: 3 });
    expect(await leaving.resultOf({})).toBe(1);
    expect(leaving.log).toEqual(["{}", "{}"]);
  });
});
