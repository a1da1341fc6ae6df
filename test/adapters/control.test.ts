import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { callControl } from "../../shared/adapters/local/control/client.ts";
import { ControlError, type JsonValue, REQUEST_LIMIT } from "../../shared/adapters/local/control/protocol.ts";
import {
  type ControlHandler,
  type ControlServer,
  type ServeOptions,
  serveControl,
} from "../../shared/adapters/local/control/server.ts";
import { available } from "../support/require.ts";

const servers: ControlServer[] = [];
const directories: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "control-"));
  directories.push(path);
  return path;
}

const echo: ControlHandler = async ({ command, options }) => ({ command, options });

async function serve(
  handler: ControlHandler = echo,
  options: ServeOptions = {},
  path = join(directory(), "sock"),
): Promise<string> {
  servers.push(await serveControl(path, handler, options));
  return path;
}

const ping = { command: ["ping"], options: {} };

/** A client that writes what it likes; collects what comes until the server hangs up. */
function raw(path: string, allowHalfOpen = false): Socket & { received: Promise<string> } {
  const socket = connect({ path, allowHalfOpen });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => {});
  const received = new Promise<string>((resolve) => {
    socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
  return Object.assign(socket, { received });
}

async function errorOf(promise: Promise<unknown>): Promise<ControlError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ControlError);
  return error as ControlError;
}

describe("the control socket", () => {
  it.each<{ name: string; result: JsonValue }>([
    { name: "an object", result: { jails: ["a", "b"], count: 2, at: null } },
    { name: "a string with line ends and every script", result: "a\nb\r\n\u2028 é€😀 \0" },
    { name: "nothing", result: null },
    { name: "three megabytes", result: "x".repeat(3_000_000) },
  ])("answers with $name", async ({ result }) => {
    const path = await serve(async () => result);
    expect(await callControl(path, ping)).toEqual(result);
  });

  it("hands over command and options as they are", async () => {
    const path = await serve();
    const request = {
      command: ["set", "jail", "banip", "2001:db8::1", "naïve\n"],
      options: { json: true, count: 3, list: ["a"] },
    };
    expect(await callControl(path, request)).toEqual(request);
  });

  it("tells why the handler refuses, with the next step, and hides what it did not mean to tell", async () => {
    const errors: unknown[] = [];
    const path = await serve(
      async ({ command: [word] }) => {
        if (word === "secret") throw new Error("boom");
        throw new ControlError("refused", "Sorry but the jail 'x' does not exist", "fleet2ban status lists the jails.");
      },
      { failed: (error) => errors.push(error) },
    );
    const refused = await errorOf(callControl(path, ping));
    expect([refused.code, refused.message, refused.next]).toEqual([
      "refused",
      "Sorry but the jail 'x' does not exist",
      "fleet2ban status lists the jails.",
    ]);
    const internal = await errorOf(callControl(path, { command: ["secret"], options: {} }));
    expect([internal.code, internal.message]).toEqual(["internal", "Internal error: Error: boom"]);
    expect(errors).toEqual([new Error("boom")]);
  });

  it("serves many clients at once, a slow one not before the others", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const path = await serve(async ({ command }) => {
      if (command[0] === "slow") await held;
      return command;
    });
    const slow = callControl(path, { command: ["slow"], options: {} });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => callControl(path, { command: [`${index}`], options: {} })),
    );
    expect(answers).toEqual(Array.from({ length: 30 }, (_, index) => [`${index}`]));
    release();
    expect(await slow).toEqual(["slow"]);
  });

  it("answers several requests of one connection in their order, in any pieces, and after a half-close", async () => {
    const path = await serve(async ({ command: [word = ""] }) => {
      await sleep(word === "1" ? 30 : 0);
      return word;
    });
    const client = raw(path);
    const text = ["1", "2", "3"].map((word) => `{"command":["${word}"]}\n`).join("");
    for (const piece of text.match(/[\s\S]{1,7}/g) ?? []) {
      client.write(piece);
      await sleep(1);
    }
    client.end();
    expect(await client.received).toBe(
      '{"ok":true,"result":"1"}\n{"ok":true,"result":"2"}\n{"ok":true,"result":"3"}\n',
    );
  });

  it.each([
    { name: "no JSON", line: "GET / HTTP/1.1" },
    { name: "an empty line", line: "" },
    { name: "a JSON list", line: '["ping"]' },
    { name: "no command", line: "{}" },
    { name: "an empty command", line: '{"command":[]}' },
    { name: "a command of numbers", line: '{"command":[1]}' },
    { name: "options that are none", line: '{"command":["a"],"options":3}' },
    { name: "broken UTF-8", line: Buffer.from([0xff, 0xfe, 0x7b]) },
  ])("answers $name with an error and goes on", async ({ line }) => {
    const path = await serve();
    const client = raw(path);
    client.write(line);
    client.end('\n{"command":["ping"]}\n');
    const [first = "", second = ""] = (await client.received).split("\n");
    expect(JSON.parse(first)).toMatchObject({ ok: false, error: { code: "bad-request" } });
    expect(JSON.parse(second)).toMatchObject({ ok: true });
  });

  it("refuses a request without end, and bounds what it holds of it", async () => {
    const path = await serve();
    const client = raw(path);
    client.write("x".repeat(REQUEST_LIMIT + 1));
    expect(JSON.parse(await client.received)).toMatchObject({ ok: false, error: { code: "too-large" } });
    const long = await errorOf(callControl(path, { command: ["x".repeat(REQUEST_LIMIT)], options: {} }));
    expect(long.code).toBe("too-large");
    expect(await callControl(path, ping)).toMatchObject(ping);
  });

  it.each([
    { name: "says nothing", start: "" },
    { name: "stops in the middle", start: '{"command":' },
  ])("drops a client that $name, and serves the others meanwhile", async ({ start }) => {
    const path = await serve(echo, { patience: 100 });
    const client = raw(path);
    client.write(start);
    expect(await callControl(path, ping)).toMatchObject(ping);
    expect(await client.received).toBe("");
  });

  it("drops a client that trickles, but not one whose command takes its time", async () => {
    const path = await serve(
      async () => {
        await sleep(400);
        return "done";
      },
      { patience: 100 },
    );
    const client = raw(path);
    const trickle = setInterval(() => client.write(" "), 20);
    expect(await client.received).toBe("");
    clearInterval(trickle);
    expect(await callControl(path, ping)).toBe("done");
  });

  it("drops a client that does not read its answer", async () => {
    const path = await serve(async () => "x".repeat(5_000_000), { patience: 100, maxClients: 1 });
    const client = connect(path);
    client.on("error", () => {});
    client.pause();
    client.write('{"command":["banned"]}\n');
    await once(client, "connect");
    // It holds the only place until it is dropped.
    expect((await errorOf(callControl(path, ping))).code).toBe("too-busy");
    expect(await untilServed(path)).toHaveLength(5_000_000);
    client.resume();
    await once(client, "close");
    expect(client.bytesRead).toBeLessThan(5_000_000);
  });

  it("does not mind a client that goes away before the answer", async () => {
    let calls = 0;
    const path = await serve(async () => {
      calls++;
      await sleep(30);
      return "x".repeat(1_000_000);
    });
    for (let client = 0; client < 5; client++) {
      const socket = connect(path);
      await once(socket, "connect");
      socket.write('{"command":["a"]}\n');
      while (calls <= client) await sleep(1);
      socket.destroy();
    }
    expect(await callControl(path, ping)).toHaveLength(1_000_000);
    expect(calls).toBe(6);
  });

  it("tells one client too many, and serves again when one has left", async () => {
    const path = await serve(echo, { maxClients: 2 });
    const [one, two] = [raw(path), raw(path)];
    await Promise.all([once(one, "connect"), once(two, "connect")]);
    const error = await errorOf(callControl(path, ping));
    expect([error.code, error.message]).toEqual(["too-busy", "Too many clients at once"]);
    one.destroy();
    expect(await untilServed(path)).toMatchObject(ping);
  });

  it("drops one too many although it goes on sending", async () => {
    let release = (_: string) => {};
    let hold: ControlHandler = echo;
    const called = new Promise<void>((begin) => {
      hold = () =>
        new Promise<string>((resolve) => {
          release = resolve;
          begin();
        });
    });
    const path = await serve(hold, { maxClients: 1, patience: 400 });
    const first = callControl(path, ping);
    await called;
    const insistent = raw(path, true);
    const trickle = setInterval(() => insistent.write("x"), 5);
    expect(await insistent.received).toContain("too-busy");
    clearInterval(trickle);
    release("done");
    expect(await first).toBe("done");
  });

  it.skipIf(!available(["prlimit"]))("goes on when the process has had no files left for a client", async () => {
    const path = join(directory(), "sock");
    const script = `
      import { readdirSync } from "node:fs";
      import { serveControl } from ${JSON.stringify(new URL("../../shared/adapters/local/control/server.ts", import.meta.url).href)};
      await serveControl(${JSON.stringify(path)}, async () => readdirSync("/proc/self/fd").length);
      console.log("ready");`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
    children.push(child);
    await once(child.stdout!, "data");
    const open = Number(await callControl(path, ping));
    await once(spawn("prlimit", ["--pid", String(child.pid), `--nofile=${open + 4}`]), "exit");
    for (let round = 0; round < 3; round++) {
      const crowd = Array.from({ length: 30 }, () => raw(path));
      await Promise.race(crowd.map(({ received }) => received));
      for (const socket of crowd) socket.destroy();
    }
    expect(await untilServed(path)).toBeGreaterThan(0);
    expect(child.exitCode).toBeNull();
  });
});

describe("calling", () => {
  it("says in known words that no server runs", async () => {
    const path = join(directory(), "sock");
    const missing = await errorOf(callControl(path, ping));
    expect([missing.code, missing.message]).toEqual([
      "not-running",
      `Failed to access socket path: ${path}. Is fleet2ban running?`,
    ]);
    await deadSocket(path);
    const dead = await errorOf(callControl(path, ping));
    expect([dead.code, dead.message]).toEqual(["not-running", `Unable to contact server on ${path}. Is it running?`]);
  });

  it.runIf(process.getuid?.() === 0)("says that one must be root", async () => {
    const root = directory();
    chmodSync(root, 0o755);
    const path = await serve(echo, {}, join(root, "sock"));
    process.seteuid?.(65534);
    const error = await errorOf(callControl(path, ping)).finally(() => process.seteuid?.(0));
    expect([error.code, error.message]).toEqual([
      "no-permission",
      `Permission denied to socket: ${path}, (you must be root)`,
    ]);
  });

  it.each([
    { name: "hangs", code: "timed-out", behave: (_socket: Socket) => {} },
    { name: "hangs up", code: "no-answer", behave: (socket: Socket) => socket.end() },
    { name: "answers rubbish", code: "no-answer", behave: (socket: Socket) => socket.end("hello\n") },
    { name: "answers half", code: "no-answer", behave: (socket: Socket) => socket.end('{"ok":true') },
    {
      name: "answers another shape",
      code: "no-answer",
      behave: (socket: Socket) => socket.end('{"ok":false,"error":1}\n'),
    },
  ])("a server that $name is an error: $code", async ({ code, behave }) => {
    const path = join(directory(), "sock");
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.resume();
      behave(socket);
    });
    server.listen(path);
    await once(server, "listening");
    const error = await errorOf(callControl(path, ping, { timeout: code === "timed-out" ? 50 : 10_000 }));
    expect(error.code).toBe(code);
    server.close();
  });
});

describe("taking the path", () => {
  it("makes a private directory and a private socket, and removes the socket at the end", async () => {
    const path = join(directory(), "run", "deep", "sock");
    const before = process.umask(0);
    const server = await serveControl(path, echo).finally(() => process.umask(before));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
    await server.close();
    expect(existsSync(path)).toBe(false);
  });

  it("leaves a living server alone", async () => {
    const path = await serve();
    const error = await errorOf(serveControl(path, echo));
    expect([error.code, error.message]).toEqual([
      "already-running",
      `Server already running: somebody answers on ${path}`,
    ]);
    expect(await callControl(path, ping)).toMatchObject(ping);
  });

  it("takes over from a dead one, and of many that try at once only one does", async () => {
    for (let round = 0; round < 15; round++) {
      const path = join(directory(), "sock");
      await deadSocket(path);
      const late = async (index: number) => {
        for (let turn = 0; turn < index * round; turn++) await new Promise((resolve) => setImmediate(resolve));
        return serveControl(path, async () => index);
      };
      const tries = await Promise.allSettled([0, 1, 2, 3].map(late));
      for (const attempt of tries) if (attempt.status === "fulfilled") servers.push(attempt.value);
      const winners = tries.flatMap((attempt, index) => (attempt.status === "fulfilled" ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(await callControl(path, ping)).toBe(winners[0]);
      for (const attempt of tries)
        if (attempt.status === "rejected") expect(attempt.reason.code).toBe("already-running");
      expect(readdirSync(join(path, ".."))).toEqual(["sock"]);
    }
  });

  it("is not kept out by the lock of a process that died while it held it", async () => {
    const path = join(directory(), "sock");
    await deadSocket(path);
    mkdirSync(`${path}.lock`);
    utimesSync(`${path}.lock`, 1, 1);
    await serve(echo, {}, path);
    expect(await callControl(path, ping)).toMatchObject(ping);
    expect(readdirSync(join(path, ".."))).toEqual(["sock"]);
  });

  it.each([
    { name: "a file", make: (path: string) => writeFileSync(path, "mine"), code: "bad-path" },
    { name: "a directory", make: (path: string) => mkdirSync(path), code: "bad-path" },
    { name: "a dangling link", make: (path: string) => symlinkSync("nowhere", path), code: "bad-path" },
  ])("does not remove $name", async ({ make, code }) => {
    const path = join(directory(), "sock");
    make(path);
    expect((await errorOf(serveControl(path, echo))).code).toBe(code);
    expect(readdirSync(join(path, ".."))).toEqual(["sock"]);
  });

  it("refuses a directory in which everybody may replace it, and a path that is too long", async () => {
    const open = directory();
    chmodSync(open, 0o777);
    const unsafe = await errorOf(serveControl(join(open, "sock"), echo));
    expect([unsafe.code, unsafe.next]).toEqual(["bad-path", `chmod o-w ${open}, or choose another directory.`]);
    const long = await errorOf(serveControl(join(directory(), "x".repeat(100)), echo));
    expect(long.message).toContain("The path of a socket has at most 107 bytes");
  });

  it("is closed although a handler hangs, and answers what is under way", async () => {
    const path = join(directory(), "sock");
    let calls = 0;
    const server = await serveControl(path, async ({ command: [word = ""] }) => {
      calls++;
      await sleep(word === "hang" ? 3_600_000 : 50, undefined, { ref: false });
      return word;
    });
    const idle = raw(path);
    const hanging = errorOf(callControl(path, { command: ["hang"], options: {} }));
    const quick = callControl(path, { command: ["quick"], options: {} });
    while (calls < 2) await sleep(1);
    await server.close();
    expect(await quick).toBe("quick");
    expect((await hanging).code).toBe("no-answer");
    expect(await idle.received).toBe("");
  });
});

/** Calls until there is a place for one more client. */
async function untilServed(path: string): Promise<JsonValue> {
  for (;;) {
    try {
      return await callControl(path, ping);
    } catch (error) {
      // Without a file for it, a client is hung up on.
      if (!(error instanceof ControlError) || !["too-busy", "no-answer"].includes(error.code)) throw error;
      await sleep(10);
    }
  }
}

/** What a server leaves that was killed. */
async function deadSocket(path: string): Promise<void> {
  const program = "require('node:net').createServer().listen(process.argv[1], () => console.log('ready'))";
  const child = spawn(process.execPath, ["-e", program, path], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
}
