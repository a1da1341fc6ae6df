/**
 * Systems Manager and its agents, as far as fleet2ban uses them: a client that the real adapters run against, and hosts
 * in network namespaces that run what they are sent as the agent runs it.
 *
 *   const standIn = createSsmStandIn({ document: { name, content }, tag, hosts });
 *   const fleet = createSsmFleet({ client: standIn.client, … });
 *   await fleet.apply(changes);
 *   await standIn.idle();
 *
 * As the service: checks the parameters and the size, sends to a tag or to ids, pages its listings, cuts outputs off. As
 * the agent: checks the patterns again with Go's dialect, passes parameters as environment variables (or, being too old,
 * does not), writes the script to a file, runs it by `sh -c`, five at once and in no order, and ends what takes too long.
 */
import type { ChildProcess } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DescribeDocumentCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  GetDocumentCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  type SSMClient,
} from "@aws-sdk/client-ssm";
import { DOCUMENT_LIMIT, type HostDocument } from "../../shared/contract/host-document.ts";
import { SEED } from "./seed.ts";
import {
  endGroup,
  invalidParameter,
  type Job,
  type Machine,
  type Run,
  runJob,
  type StandInHost,
  WORKERS,
} from "./ssm-execution.ts";
import { instanceOf, invocationOf, pageOf } from "./ssm-listing.ts";

export type { StandInHost } from "./ssm-execution.ts";

export interface SsmStandIn {
  /** For every adapter that takes an SSMClient. */
  readonly client: SSMClient;
  /** Every SendCommand so far. */
  readonly sent: readonly SendCommandCommandInput[];
  /** Every script that has run to its end, by host and what it was told to do, with the ms that it took. */
  runs(): readonly Run[];
  /** Waits until every host that is online has run all it was sent. */
  idle(): Promise<void>;
  /** Takes a host offline: what is sent waits for it, as long as its delivery time lasts. Online, it runs what waits. */
  setOnline(host: string, online: boolean): void;
  /** Lets the delivery time of what waits for the host run out. */
  expire(host: string): void;
  /** Empties the host's kernel, as a reboot does, and gives it another boot id. Its files stay. */
  reboot(host: string): void;
  /** Removes a host for good; adds one. */
  remove(host: string): void;
  add(host: StandInHost): void;
  /** The service fails every request with this from now on; undefined = it is there again. Hosts go on. */
  fail(error: Error | undefined): void;
  /** Puts another version of the document into place, and makes it the default. */
  publish(content: string): void;
  /** Ends what runs, and removes all files. */
  close(): void;
}

export interface StandInOptions {
  readonly document: { readonly name: string; readonly content: string };
  readonly tag: { readonly key: string; readonly value: string };
  readonly hosts: readonly StandInHost[];
  /** How long a command is on its way to a host, ms; default 0. */
  readonly delivery?: () => number;
}

const WHOLE_OUTPUT = 24_000;

export function createSsmStandIn({ document, tag, hosts, delivery = () => 0 }: StandInOptions): SsmStandIn {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-ssm-"));
  const versions: string[] = [document.content];
  const machines = new Map<string, Machine>();
  const jobs: Job[] = [];
  const sent: SendCommandCommandInput[] = [];
  const running = new Set<ChildProcess>();
  const random = randomFrom(SEED);
  let wake: (() => void)[] = [];
  let trouble: Error | undefined;

  const add = (host: StandInHost) => {
    const bootFile = join(folder, `boot-${host.id}`);
    writeFileSync(bootFile, `${randomUUID()}\n`);
    machines.set(host.id, { ...host, online: true, seenAt: Date.now(), bootFile });
  };
  for (const host of hosts) add(host);

  const work = () => {
    for (const machine of machines.values()) {
      for (;;) {
        const mine = jobs.filter((job) => job.host === machine.id);
        const waiting = mine.filter((job) => job.state === "waiting" && Date.now() <= job.deliverBy);
        const busy = mine.filter((job) => job.state === "running").length;
        const next = waiting[Math.floor(random() * waiting.length)];
        if (!machine.online || busy >= WORKERS || next === undefined) break;
        next.state = "running";
        next.status = next.details = "InProgress";
        void runJob(next, machine, folder, running).then(() => {
          machine.seenAt = Date.now();
          work();
        });
      }
    }
    const isIdle = !jobs.some((job) => {
      const online = machines.get(job.host)?.online === true;
      if (job.state === "sent" || job.state === "running") return true;
      return job.state === "waiting" && online && Date.now() <= job.deliverBy;
    });
    if (isIdle) {
      for (const each of wake) each();
      wake = [];
    }
  };

  const contentOf = (version: string | undefined) => {
    const number = version === undefined || version.startsWith("$") ? versions.length : Number(version);
    const content = versions[number - 1];
    if (content === undefined) throw serviceError("InvalidDocumentVersion", `there is no version ${version}`);
    return { content, version: String(number) };
  };
  const hashOf = (content: string) => createHash("sha256").update(content).digest("hex");
  const check = (name: string | undefined) => {
    if (name !== document.name) throw serviceError("InvalidDocument", `there is no document ${name}`);
  };

  const sendCommand = (input: SendCommandCommandInput) => {
    check(input.DocumentName);
    const { content, version } = contentOf(input.DocumentVersion);
    if (input.DocumentHash !== undefined && input.DocumentHash !== hashOf(content)) {
      throw serviceError("InvalidDocument", "the hash is another one");
    }
    const parsed = JSON.parse(content) as HostDocument;
    const parameters = input.Parameters ?? {};
    if (content.length + JSON.stringify(parameters).length > DOCUMENT_LIMIT) {
      throw serviceError("MaxDocumentSizeExceeded", "more than 64 KB");
    }
    const wrong = invalidParameter(parsed, parameters, (pattern, value) => new RegExp(pattern).test(value));
    if (wrong !== undefined) throw serviceError("InvalidParameters", wrong);
    if ((input.InstanceIds?.length ?? 0) > 50) throw serviceError("ValidationException", "more than 50 instance ids");
    if ((input.Comment?.length ?? 0) > 100) throw serviceError("ValidationException", "the comment is too long");
    const unknown = input.InstanceIds?.filter((id) => !machines.has(id)) ?? [];
    if (unknown.length > 0) throw serviceError("InvalidInstanceId", `not valid: ${unknown}`);
    const [target] = input.Targets ?? [];
    const tagged = target?.Key === `tag:${tag.key}` && target.Values?.includes(tag.value) === true;
    const ids = input.InstanceIds ?? (tagged ? [...machines.keys()] : []);
    const command = randomUUID();
    const now = Date.now();
    sent.push(input);
    for (const host of ids) {
      const way = delivery();
      const job: Job = {
        command,
        host,
        version,
        document: parsed,
        parameters,
        requestedAt: now,
        deliverBy: now + (input.TimeoutSeconds ?? 3600) * 1000,
        state: way > 0 ? "sent" : "waiting",
        status: "Pending",
        details: "Pending",
        stdout: "",
        stderr: "",
        code: -1,
        startedAt: undefined,
        finishedAt: undefined,
      };
      jobs.push(job);
      if (way <= 0) continue;
      setTimeout(() => {
        job.state = "waiting";
        work();
      }, way);
    }
    work();
    return { Command: { CommandId: command } };
  };

  const answer = (command: object): unknown => {
    if (trouble !== undefined) throw trouble;
    if (command instanceof SendCommandCommand) return sendCommand(command.input);
    if (command instanceof GetDocumentCommand) {
      check(command.input.Name);
      const { content, version } = contentOf(command.input.DocumentVersion);
      return { Name: document.name, DocumentVersion: version, Content: content, DocumentFormat: "JSON" };
    }
    if (command instanceof DescribeDocumentCommand) {
      check(command.input.Name);
      const { content, version } = contentOf(command.input.DocumentVersion);
      const latest = String(versions.length);
      const about = { DocumentVersion: version, DefaultVersion: latest, LatestVersion: latest, Status: "Active" };
      return { Document: { Name: document.name, ...about, Hash: hashOf(content), HashType: "Sha256" } };
    }
    if (command instanceof DescribeInstanceInformationCommand) {
      const { items, token } = pageOf([...machines.values()], command.input);
      return { InstanceInformationList: items.map(instanceOf), NextToken: token };
    }
    if (command instanceof ListCommandInvocationsCommand) {
      const mine = jobs.filter((job) => job.command === command.input.CommandId);
      const { items, token } = pageOf(mine, command.input);
      return { CommandInvocations: items.map(invocationOf), NextToken: token };
    }
    if (command instanceof GetCommandInvocationCommand) {
      const { CommandId, InstanceId } = command.input;
      const job = jobs.find((each) => each.command === CommandId && each.host === InstanceId);
      if (job === undefined) throw serviceError("InvocationDoesNotExist", "no such invocation");
      const output = { StandardOutputContent: job.stdout.slice(0, WHOLE_OUTPUT), StandardErrorContent: job.stderr };
      return { ...output, Status: job.status, StatusDetails: job.details, ResponseCode: job.code };
    }
    throw new Error(`the stand-in does not know ${command.constructor.name}`);
  };

  return {
    client: { send: async (command: object) => answer(command) } as unknown as SSMClient,
    sent,
    runs: () =>
      jobs.flatMap(({ host, parameters, startedAt, finishedAt }) => {
        if (startedAt === undefined || finishedAt === undefined) return [];
        const [mode = "", changes = ""] = [parameters.Mode?.[0], parameters.Changes?.[0]];
        return [{ host, mode, changes, startedAt, took: finishedAt - startedAt }];
      }),
    idle: () =>
      new Promise((resolve) => {
        wake.push(resolve);
        work();
      }),
    setOnline(host, online) {
      const machine = machineOf(machines, host);
      machine.online = online;
      machine.seenAt = Date.now();
      work();
    },
    expire(host) {
      for (const job of jobs) {
        if (job.host === host && (job.state === "sent" || job.state === "waiting")) job.deliverBy = Date.now() - 1;
      }
    },
    reboot(host) {
      const { namespace, bootFile } = machineOf(machines, host);
      writeFileSync(bootFile, `${randomUUID()}\n`);
      for (const command of [
        "nft flush ruleset",
        "iptables -F",
        "iptables -X",
        "ip6tables -F",
        "ip6tables -X",
        "ipset destroy",
      ]) {
        namespace.run(command.split(" "));
      }
    },
    remove: (host) => machines.delete(host),
    add,
    fail(error) {
      trouble = error;
    },
    publish: (content) => versions.push(content),
    close() {
      jobs.length = 0;
      for (const child of running) endGroup(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function machineOf(machines: ReadonlyMap<string, Machine>, host: string): Machine {
  const machine = machines.get(host);
  if (machine === undefined) throw new Error(`there is no host ${host}`);
  return machine;
}

/** An error as the SDK throws it. */
export function serviceError(name: string, message: string, status = 400): Error {
  return Object.assign(new Error(message), { name, $fault: "client", $metadata: { httpStatusCode: status } });
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
