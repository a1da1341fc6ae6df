/**
 * Runs a Lambda's asset as AWS's Node runtime does: loads the handler once, then asks the runtime interface for one event
 * after the other. It runs under the runtime's own Node, so it is plain JavaScript and uses nothing of this project.
 *
 * What it leaves out of the real one: response streaming, X-Ray, callbacks (nodejs24.x has none), and the freezing of the
 * process between events.
 */
import { get, request } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const base = "/2018-06-01/runtime";
// Told with every request, since one of a process that was ended may arrive after its successor's start.
const headers = { "fleet2ban-pid": String(process.pid) };

const began = performance.now();
let handler;
try {
  const [file, name] = process.env._HANDLER.split(".");
  const loaded = await import(pathToFileURL(join(process.env.LAMBDA_TASK_ROOT, `${file}.mjs`)).href);
  handler = loaded[name];
  if (typeof handler !== "function") throw new TypeError(`${process.env._HANDLER} is not exported or not a function`);
} catch (error) {
  // As AWS does it: told, then the process ends, and the next event starts another one.
  await send("/init/error", described(error));
  process.exit(1);
}
const loadMs = performance.now() - began;

for (;;) {
  const { headers, body } = await next();
  const id = headers["lambda-runtime-aws-request-id"];
  let path = `/invocation/${id}/response`;
  let answer;
  try {
    answer = (await handler(JSON.parse(body), contextOf(headers))) ?? null;
  } catch (error) {
    // The invoker is told and decides on retries; the process goes on.
    path = `/invocation/${id}/error`;
    answer = described(error);
  }
  await send(path, answer);
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function described(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), stackTrace: [] };
  return { errorType: error.name, errorMessage: error.message, stackTrace: (error.stack ?? "").split("\n") };
}

function next() {
  return new Promise((resolve, reject) => {
    const told = { ...headers, "fleet2ban-load-ms": String(loadMs) };
    get({ host, port, path: `${base}/invocation/next`, headers: told }, (response) => read(response, resolve)).on(
      "error",
      reject,
    );
  });
}

function send(path, value) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path: `${base}${path}`, method: "POST", headers }, (response) =>
      read(response, resolve),
    );
    outgoing.on("error", reject).end(JSON.stringify(value));
  });
}

function read(response, resolve) {
  let body = "";
  response.setEncoding("utf8");
  response.on("data", (chunk) => {
    body += chunk;
  });
  response.on("end", () => resolve({ headers: response.headers, body }));
}
