/**
 * A loopback server in the place of AWS services that speak JSON or the query protocol: SSM, CloudWatch Logs, SNS, STS.
 *
 * The real client signs, sends and parses; only what the service would answer is the test's. Point the SDK at it with
 * AWS_ENDPOINT_URL (or AWS_ENDPOINT_URL_SSM …).
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Input = Readonly<Record<string, unknown>>;

/** What a service answers to an operation; text is a body of the query protocol's inner XML. Throws Fault. */
export type Answers = Readonly<Record<string, (input: Input) => unknown>>;

/** An error as a service gives it. */
export class Fault extends Error {
  readonly status: number;
  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

export interface StandIn {
  readonly url: string;
  /** Every request so far: the operation and its input. */
  readonly asked: { readonly operation: string; readonly input: Input; readonly authorization: string }[];
  close(): Promise<void>;
}

/** Answers on loopback; an operation that has no answer here is a Fault. */
export async function startStandIn(answers: Answers): Promise<StandIn> {
  const asked: StandIn["asked"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const target = request.headers["x-amz-target"];
      const json = typeof target === "string";
      const form = json ? {} : Object.fromEntries(new URLSearchParams(body));
      const operation = json ? target.slice(target.indexOf(".") + 1) : String((form as { Action?: string }).Action);
      const input = (json ? JSON.parse(body || "{}") : form) as Input;
      asked.push({ operation, input, authorization: request.headers.authorization ?? "" });
      try {
        const answer = answers[operation];
        if (answer === undefined) throw new Fault("UnknownOperationException", `no answer to ${operation}`);
        const result = answer(input);
        response.writeHead(200, { "content-type": json ? "application/x-amz-json-1.1" : "text/xml" });
        response.end(json ? JSON.stringify(result) : envelope(operation, String(result)));
      } catch (error) {
        const { name, message, status } = error as Fault;
        response.writeHead(status ?? 500, { "content-type": json ? "application/x-amz-json-1.1" : "text/xml" });
        response.end(json ? JSON.stringify({ __type: name, message }) : errorBody(name, message));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function envelope(operation: string, inner: string): string {
  return `<${operation}Response><${operation}Result>${inner}</${operation}Result></${operation}Response>`;
}

function errorBody(name: string, message: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${name}</Code><Message>${message}</Message></Error></ErrorResponse>`;
}
