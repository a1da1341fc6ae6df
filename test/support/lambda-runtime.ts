/**
 * Lambda's side of the runtime interface: starts an asset in a process of the runtime's Node and hands it events.
 *
 * As on AWS, a process handles one event at a time and lives on between events; one that runs out of time is killed, and
 * one that ended is replaced when the next event comes. Environment variables are AWS's and what is given, nothing of the
 * test's own. Several functions can run at once; each has its own process and port.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

const BOOTSTRAP = join(import.meta.dirname, "lambda-bootstrap.mjs");
const REGION = "eu-central-1";
const ACCOUNT = "123456789012";

export interface LambdaOptions {
  readonly name: string;
  /** The unpacked asset; `index.handler` is its handler. */
  readonly folder: string;
  /** Path of the runtime's `node`. */
  readonly node: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Of one invocation, loading included; default 30 s. */
  readonly timeoutMs?: number;
  /** How far ahead the function's clock is, in ms: what comes later need not be waited for. */
  readonly clockAhead?: number;
}

export type Invocation =
  | { readonly kind: "result"; readonly value: unknown; readonly cold: Cold | undefined }
  /** The handler or its module threw. */
  | { readonly kind: "error"; readonly errorType: string; readonly errorMessage: string; readonly stackTrace: string[] }
  /** Killed at its deadline. */
  | { readonly kind: "timed out" }
  /** The process ended by itself before it answered. */
  | { readonly kind: "exited"; readonly code: number | null };

/** How long a first event took, in ms. */
export interface Cold {
  /** Importing the module, as the process itself measured it. */
  readonly load: number;
  /** From the start of the import to the result. */
  readonly total: number;
}

export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  /** Hands the process one event, after those before it are done. */
  invoke(event: unknown): Promise<Invocation>;
  /** Like invoke, for a test that wants nothing but the result. */
  resultOf(event: unknown): Promise<unknown>;
  /** Every line that the processes wrote, standard error included. */
  readonly log: readonly string[];
  /** Ends the process, as AWS does when it wants its memory back; the next event has a cold start. */
  recycle(): void;
  stop(): Promise<void>;
}

interface Job {
  readonly id: string;
  readonly body: string;
  settle(outcome: Invocation): void;
}

export async function startLambda(options: LambdaOptions): Promise<LambdaFunction> {
  const { name, timeoutMs = 30_000, clockAhead = 0 } = options;
  const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
  const log: string[] = [];
  let process_: ChildProcess | undefined;
  let waiting: ServerResponse | undefined;
  let loadMs = 0;
  let job: Job | undefined;
  /** When the job was handed to the process. */
  let handed: number | undefined;
  let fresh = false;

  const server = createServer(async (request, response) => {
    if (request.headers["fleet2ban-pid"] !== String(process_?.pid)) {
      // A process that was ended meanwhile: it must not take its successor's event.
      response.destroy();
      return;
    }
    const path = (request.url ?? "").replace("/2018-06-01/runtime", "");
    if (path === "/invocation/next") {
      loadMs = Number(request.headers["fleet2ban-load-ms"] ?? 0);
      waiting = response;
      hand();
      return;
    }
    const value: unknown = JSON.parse(await textOf(request));
    const [, id, what] = /^\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (path !== "/init/error" && id !== job?.id) {
      response.writeHead(400).end("{}");
      return;
    }
    response.writeHead(202).end("{}");
    // That process is ending by itself: the next event gets a new one.
    if (path === "/init/error") end();
    if (what !== "response") job?.settle({ kind: "error", ...(value as Failure) });
    else {
      const cold = fresh ? { load: loadMs, total: loadMs + performance.now() - handed! } : undefined;
      fresh = false;
      job?.settle({ kind: "result", value, cold });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  /** Gives the waiting process the job, if both are there. */
  function hand(): void {
    if (job === undefined || waiting === undefined || handed !== undefined) return;
    const response = waiting;
    waiting = undefined;
    handed = performance.now();
    response.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": job.id,
      "lambda-runtime-deadline-ms": String(Date.now() + clockAhead + timeoutMs),
      "lambda-runtime-invoked-function-arn": arn,
    });
    response.end(job.body);
  }

  function start(): void {
    const child = spawn(options.node, [BOOTSTRAP], {
      cwd: options.folder,
      env: environmentOf(options, port),
      stdio: ["ignore", "pipe", "pipe"],
    });
    process_ = child;
    fresh = true;
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on("line", (line) => log.push(line));
    const left = (code: number | null) => {
      if (process_ !== child) return;
      end();
      job?.settle({ kind: "exited", code });
    };
    child.on("exit", left);
    child.on("error", (error) => {
      // Never started; the invoker is told like of a process that ended at once.
      log.push(String(error));
      left(null);
    });
  }

  function end(): void {
    const child = process_;
    process_ = undefined;
    waiting = undefined;
    child?.kill("SIGKILL");
  }

  async function run(event: unknown): Promise<Invocation> {
    let resolve!: (outcome: Invocation) => void;
    const promise = new Promise<Invocation>((settle) => {
      resolve = settle;
    });
    job = { id: randomUUID(), body: JSON.stringify(event), settle: resolve };
    handed = undefined;
    const timer = setTimeout(() => {
      end();
      resolve({ kind: "timed out" });
    }, timeoutMs);
    if (process_ === undefined) start();
    hand();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      job = undefined;
    }
  }

  let last: Promise<unknown> = Promise.resolve();
  const invoke = (event: unknown): Promise<Invocation> => {
    const mine = last.then(() => run(event));
    last = mine;
    return mine;
  };
  return {
    name,
    arn,
    log,
    invoke,
    async resultOf(event) {
      const outcome = await invoke(event);
      if (outcome.kind === "result") return outcome.value;
      throw new Error(`${name}: ${JSON.stringify(outcome)}\n${log.slice(-20).join("\n")}`);
    },
    recycle() {
      end();
      job?.settle({ kind: "exited", code: null });
    },
    async stop() {
      end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Failure = { errorType: string; errorMessage: string; stackTrace: string[] };

/** As documented for managed runtimes; a fixed key pair, since the SDK signs whatever it sends. */
function environmentOf(options: LambdaOptions, port: number): Record<string, string> {
  const { name, folder, environment = {}, clockAhead = 0 } = options;
  const shift = `const now = Date.now; Date.now = () => now() + ${clockAhead};`;
  return {
    ...(clockAhead === 0 ? {} : { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}` }),
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    _HANDLER: "index.handler",
    LAMBDA_TASK_ROOT: folder,
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1769",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "stream",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    ...environment,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}
