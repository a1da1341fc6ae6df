/** What exactly is sent to SSM, what becomes of its answers, and what its troubles do. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  DescribeDocumentCommand,
  type DescribeDocumentCommandInput,
  GetDocumentCommand,
  type GetDocumentCommandInput,
  SendCommandCommand,
  type SendCommandCommandInput,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientOptions } from "../../../../shared/adapters/aws/client.ts";
import { createSsmFleet, MOST_NAMED } from "../../../../shared/adapters/aws/ssm/fleet.ts";
import { COMMAND_LIFE, changesLimit, hostDocument } from "../../../../shared/contract/host-document.ts";
import { hostScript } from "../../../../shared/contract/host-script.ts";
import type { Commands } from "../../../../shared/ports/commands.ts";
import { memoryCommands, memoryMetrics } from "../../../support/cloud-memory.ts";
import { serviceError } from "../../../support/ssm-agent.ts";
import { ban, unban } from "../../firewall-rig.ts";

const NOW = 1_763_846_400_000;
const NAME = "fleet2ban-prod";
const CONTENT = JSON.stringify(hostDocument(hostScript));
const OLDER = JSON.stringify(hostDocument({ text: "#!/bin/sh\necho old\n", version: "0.9.0" }));
const ids = (count: number, from = 1) => Array.from({ length: count }, (_, i) => `i-${from + i}`);

const client = new SSMClient({ region: "us-east-1", credentials: { accessKeyId: "x", secretAccessKey: "x" } });
const mock = mockClient(client);
let commands: Commands;
let metrics: ReturnType<typeof memoryMetrics>;

/** The service has these versions of the document, 1 and up; `standard` is used by default. */
function documents(contents: readonly string[], standard = contents.length) {
  const find = (version: string | undefined) => {
    const number = Number(version ?? standard);
    const content = contents[number - 1];
    if (content === undefined) throw serviceError("InvalidDocumentVersion", "no such version");
    return { number: String(number), content };
  };
  mock.on(DescribeDocumentCommand).callsFake((input: DescribeDocumentCommandInput) => {
    const { number } = find(input.DocumentVersion);
    const versions = { DefaultVersion: String(standard), LatestVersion: String(contents.length) };
    return { Document: { ...versions, DocumentVersion: number, Hash: `hash-${number}`, HashType: "Sha256" } };
  });
  mock.on(GetDocumentCommand).callsFake((input: GetDocumentCommandInput) => ({
    Content: find(input.DocumentVersion).content,
  }));
}

function answer(command: (input: SendCommandCommandInput, nth: number) => unknown = (_, nth) => `c-${nth}`) {
  let count = 0;
  mock.on(SendCommandCommand).callsFake((input: SendCommandCommandInput) => {
    const id = command(input, ++count);
    return { Command: { CommandId: id } };
  });
}
const sent = () => mock.commandCalls(SendCommandCommand).map((call) => call.args[0].input);

function fleet(with_: { client?: SSMClient } = {}) {
  return createSsmFleet({
    client,
    document: NAME,
    scriptSha256: hostScript.sha256,
    tag: { key: "fleet", value: "prod" },
    commands,
    metrics,
    now: () => NOW,
    ...with_,
  });
}

beforeEach(() => {
  mock.reset();
  commands = memoryCommands();
  metrics = memoryMetrics();
  documents([CONTENT]);
  answer();
});

describe("a command", () => {
  it("goes to the tag, pinned, short-lived, and to all at once", async () => {
    const reports = await fleet().apply([ban("192.0.2.1", { expiresAt: NOW + 60_000 }), unban("192.0.2.2", 4)]);
    expect(sent()).toEqual([
      {
        DocumentName: NAME,
        DocumentVersion: "1",
        DocumentHash: "hash-1",
        DocumentHashType: "Sha256",
        Targets: [{ Key: "tag:fleet", Values: ["prod"] }],
        Parameters: {
          Mode: ["apply"],
          Changes: [
            "fleet2ban 1\nj f2b-web 1 INPUT\np tcp 80,443 drop\nt 1763846460 1\nb 192.0.2.1\nu 192.0.2.2 3\nend 5\n",
          ],
          Deadline: [String((NOW + COMMAND_LIFE) / 1000)],
        },
        TimeoutSeconds: 60,
        MaxConcurrency: "100%",
        MaxErrors: "100%",
        Comment: "fleet2ban apply: 2 changes",
      },
    ]);
    expect(reports).toEqual([{ kind: "sent", to: "tag fleet=prod", command: "c-1" }]);
    expect(await commands.opened()).toEqual([{ id: "c-1", sentAt: NOW, mode: "apply", hosts: undefined, changes: 2 }]);
    expect(metrics.counts.get("Commands")).toBe(1);
  });

  it.each([
    { name: "a heal", run: () => fleet().apply([]), mode: "apply", changes: ["fleet2ban 1\nend 0\n"] },
    { name: "a question", run: () => fleet().status(), mode: "status", changes: undefined },
    { name: "a farewell", run: () => fleet().clear(["i-1"]), mode: "clear", changes: undefined },
    {
      name: "a full list",
      run: () => fleet().reconcile([], { asOf: NOW }),
      mode: "reconcile",
      changes: [`fleet2ban 1\nr - - ${NOW / 1000}\nend 1\n`],
    },
  ])("carries $name", async ({ run, mode, changes }) => {
    await run();
    expect(sent()[0]?.Parameters).toMatchObject({ Mode: [mode] });
    expect(sent()[0]?.Parameters?.Changes).toEqual(changes);
  });

  it("is split where 64 KB end, in one go", async () => {
    const bans = Array.from({ length: 5000 }, (_, i) => ban(`198.51.${i >> 8}.${i & 255}`));
    await fleet().apply(bans);
    const chunks = sent().map((input) => input.Parameters?.Changes?.[0] ?? "");
    expect(chunks.length).toBeGreaterThan(2);
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(changesLimit(CONTENT.length));
    const carried = chunks.flatMap((chunk) => chunk.split("\n").filter((line) => line.startsWith("b ")));
    expect(new Set(carried).size).toBe(5000);
    expect((await commands.opened()).reduce((sum, { changes }) => sum + changes, 0)).toBe(5000);
    expect(mock.commandCalls(GetDocumentCommand)).toHaveLength(1);
  });

  it("names at most fifty hosts, each once", async () => {
    await fleet().reconcile([ban("192.0.2.1")], { hosts: [...ids(120), "i-1"] });
    expect(sent().map((input) => input.InstanceIds?.length)).toEqual([MOST_NAMED, MOST_NAMED, 20]);
    expect(sent().flatMap((input) => input.InstanceIds)).toEqual(ids(120));
    expect(sent().every((input) => input.Targets === undefined)).toBe(true);
  });

  it("sends nothing to nobody", async () => {
    expect(await fleet().reconcile([], { hosts: [] })).toEqual([]);
    expect(sent()).toEqual([]);
  });

  it("reaches the others where SSM does not know one of the hosts", async () => {
    answer((input, nth) => {
      if (input.InstanceIds?.includes("i-7")) throw serviceError("InvalidInstanceId", "i-7 is not valid");
      return `c-${nth}`;
    });
    const reports = await fleet().reconcile([], { hosts: ids(10) });
    const reached = reports.flatMap((report) => (report.kind === "sent" ? report.to.split(",") : []));
    expect(reached.sort()).toEqual(
      ids(10)
        .filter((id) => id !== "i-7")
        .sort(),
    );
    expect(reports.filter(({ kind }) => kind === "replied")).toMatchObject([
      { host: "i-7", reply: { kind: "unreadable" } },
    ]);
  });

  it("says which changes no host takes, and sends the others", async () => {
    expect(await fleet().apply([ban("127.0.0.1"), ban("192.0.2.1")])).toMatchObject([
      { kind: "refused", refusal: "never-a-client" },
      { kind: "sent" },
    ]);
  });
});

describe("the document", () => {
  it.each([
    {
      name: "an older default, while a deployment is under way",
      contents: [CONTENT, OLDER],
      standard: 2,
      version: "1",
    },
    { name: "a newer version that is not the default yet", contents: [OLDER, CONTENT], standard: 1, version: "2" },
    { name: "the default, whatever is newer", contents: [CONTENT, CONTENT], standard: 1, version: "1" },
  ])("is found as $name", async ({ contents, standard, version }) => {
    documents(contents, standard);
    await fleet().status();
    expect(sent()).toMatchObject([{ DocumentVersion: version, DocumentHash: `hash-${version}` }]);
  });

  it("that carries another script is not run", async () => {
    documents([OLDER, OLDER.replace("old", "evil")]);
    await expect(fleet().apply([])).rejects.toMatchObject({ code: "missing", next: expect.stringMatching(/Deploy/) });
    expect(sent()).toEqual([]);
  });

  it("is asked for once, and again after it was replaced", async () => {
    const { apply } = fleet();
    await apply([]);
    await apply([]);
    expect(mock.commandCalls(GetDocumentCommand)).toHaveLength(1);
    documents([OLDER, CONTENT]);
    answer((input) => {
      if (input.DocumentVersion === "1") throw serviceError("InvalidDocumentVersion", "it is gone");
      return "c";
    });
    await expect(apply([])).rejects.toMatchObject({ code: "missing" });
    await apply([]);
    expect(sent().at(-1)).toMatchObject({ DocumentVersion: "2" });
  });
});

describe("SSM in trouble", () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  /** A service that answers requests by turns, and the client that everything real is made with. */
  async function troubled(turns: (operation: string, nth: number) => { status: number; body: object } | undefined) {
    const counts = new Map<string, number>();
    const server = createServer((request, response) => {
      const operation = String(request.headers["x-amz-target"]).replace("AmazonSSM.", "");
      const nth = (counts.get(operation) ?? 0) + 1;
      counts.set(operation, nth);
      request.resume().on("end", () => {
        const trouble = turns(operation, nth);
        const body = trouble?.body ?? ANSWERS[operation] ?? {};
        response.writeHead(trouble?.status ?? 200, { "content-type": "application/x-amz-json-1.1" });
        response.end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const real = new SSMClient({
      ...clientOptions({ attempts: 3, connectionTimeout: 500, requestTimeout: 500 }),
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "x", secretAccessKey: "x" },
    });
    closing.push(() => {
      real.destroy();
      server.close();
      server.closeAllConnections();
    });
    return { fleet: fleet({ client: real }), counts };
  }
  const document = { DocumentVersion: "1", DefaultVersion: "1", LatestVersion: "1", Hash: "h", HashType: "Sha256" };
  const ANSWERS: Readonly<Record<string, object>> = {
    DescribeDocument: { Document: document },
    GetDocument: { Content: CONTENT },
    SendCommand: { Command: { CommandId: "11111111-2222-3333-4444-555555555555" } },
  };
  const throttled = { status: 400, body: { __type: "ThrottlingException", message: "Rate exceeded" } };

  it("is asked again when it throttles, and the command counts once", async () => {
    const { fleet, counts } = await troubled((operation, nth) =>
      operation === "SendCommand" && nth < 3 ? throttled : undefined,
    );
    expect(await fleet.apply([ban("192.0.2.1")])).toMatchObject([{ kind: "sent" }]);
    expect(counts.get("SendCommand")).toBe(3);
    expect(metrics.counts.get("Commands")).toBe(1);
  });

  it.each([
    { name: "throttles for good", trouble: throttled, code: "unavailable", tries: 3 },
    {
      name: "is broken",
      trouble: { status: 500, body: { __type: "InternalServerError", message: "sorry" } },
      code: "unavailable",
      tries: 3,
    },
    {
      name: "does not let us",
      trouble: { status: 400, body: { __type: "AccessDeniedException", message: "no" } },
      code: "denied",
      tries: 1,
    },
    {
      name: "finds the request wrong",
      trouble: { status: 400, body: { __type: "InvalidParameters", message: "no" } },
      code: "rejected",
      tries: 1,
    },
  ])("$name: $code after $tries", async ({ trouble, code, tries }) => {
    const { fleet, counts } = await troubled((operation) => (operation === "SendCommand" ? trouble : undefined));
    await expect(fleet.apply([ban("192.0.2.1")])).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`SendCommand on document ${NAME}`),
    });
    expect(counts.get("SendCommand")).toBe(tries);
    expect(await commands.opened()).toEqual([]);
  });

  it("at the first command looks for the document again at the next", async () => {
    const denied = { status: 400, body: { __type: "AccessDeniedException", message: "not yet" } };
    const { fleet } = await troubled((operation, nth) =>
      operation === "GetDocument" && nth === 1 ? denied : undefined,
    );
    await expect(fleet.apply([])).rejects.toMatchObject({ code: "denied" });
    expect(await fleet.apply([])).toMatchObject([{ kind: "sent" }]);
  });
});
