/**
 * What the SSM agent does with a command, in a network namespace: it checks the patterns again, in Go's dialect, passes
 * parameters as environment variables (or, being too old, does not), writes the script to a file, runs it by `sh -c`, and
 * ends what takes too long.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import RE2 from "re2";
import { type HostDocument, OLDEST_AGENT } from "../../shared/contract/host-document.ts";
import { isOlder } from "../../shared/core/fleet/agent-version.ts";
import type { Namespace } from "./netns.ts";

export interface StandInHost {
  /** Instance id: "i-1". */
  readonly id: string;
  readonly namespace: Namespace;
  /** The script's environment beside the parameters: FLEET2BAN_STATE, FLEET2BAN_BACKEND. */
  readonly env: Readonly<Record<string, string>>;
  /** Version of its agent; default the oldest one that knows ENV_VAR. */
  readonly agent?: string;
}

/** CommandWorkersLimit of the agent. */
export const WORKERS = 5;

/** One command at one host. */
export interface Job {
  readonly command: string;
  readonly host: string;
  readonly version: string;
  readonly document: HostDocument;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly requestedAt: number;
  deliverBy: number;
  /** "sent" = not at the host yet; there it is waiting for a worker. */
  state: "sent" | "waiting" | "running" | "over";
  status: string;
  details: string;
  stdout: string;
  stderr: string;
  code: number;
  startedAt: number | undefined;
  finishedAt: number | undefined;
}

/** A script that ran to its end. */
export interface Run {
  readonly host: string;
  readonly mode: string;
  readonly changes: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Ms. */
  readonly took: number;
}

export interface Machine extends StandInHost {
  online: boolean;
  seenAt: number;
  readonly bootFile: string;
}

/** One invocation, as the agent runs it. */
export async function runJob(job: Job, host: Machine, folder: string, running: Set<ChildProcess>): Promise<void> {
  const finish = (status: string, details: string, code: number) => {
    Object.assign(job, { state: "over", status, details, code, finishedAt: Date.now() });
  };
  const wrong = invalidParameter(job.document, job.parameters, (pattern, value) => new RE2(pattern).test(value));
  if (wrong !== undefined) {
    job.stderr = wrong;
    return finish("Failed", "Failed", -1);
  }
  const place = join(folder, job.command, host.id);
  mkdirSync(place, { recursive: true });
  const script = join(place, "_script.sh");
  const { runCommand, timeoutSeconds } = job.document.mainSteps[0].inputs;
  writeFileSync(script, `${runCommand.join("\n")}\n`, { mode: 0o700 });
  // A namespace command has mounts of its own, so the boot id is another one there only.
  const shell = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && exec sh -c "$2"';
  const [file = "", ...prefix] = host.namespace.prefix;
  const child = spawn(file, [...prefix, "sh", "-c", shell, "sh", host.bootFile, script], {
    cwd: place,
    env: { PATH: process.env.PATH, ...host.env, ...variables(job, host) },
    // Like the agent's: nothing to read.
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what the script started ends with it.
    detached: true,
  });
  job.startedAt = Date.now();
  running.add(child);
  const timer = setTimeout(() => endGroup(child), Number(timeoutSeconds) * 1000);
  child.stdout.setEncoding("utf8").on("data", (text: string) => (job.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (job.stderr += text));
  const code = await new Promise<number | null>((resolve) =>
    child.on("close", resolve).on("error", () => resolve(127)),
  );
  clearTimeout(timer);
  running.delete(child);
  if (code === null) finish("TimedOut", "Execution Timed Out", 137);
  else if (code === 0) finish("Success", "Success", 0);
  else finish("Failed", "Failed", code);
}

/** Ends a script and all that it started. */
export function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function variables({ document, parameters }: Job, { agent = OLDEST_AGENT }: Machine): Record<string, string> {
  if (isOlder(agent, OLDEST_AGENT)) return {};
  return Object.fromEntries(
    Object.entries(document.parameters)
      .filter(([, { interpolationType }]) => interpolationType === "ENV_VAR")
      .map(([name, { default: standard = "" }]) => [`SSM_${name}`, parameters[name]?.[0] ?? standard]),
  );
}

/** What is wrong with the parameters, in words; undefined = nothing. */
export function invalidParameter(
  document: HostDocument,
  parameters: Readonly<Record<string, readonly string[]>>,
  matches: (pattern: string, value: string) => boolean,
): string | undefined {
  const stranger = Object.keys(parameters).find((name) => !Object.hasOwn(document.parameters, name));
  if (stranger !== undefined) return `there is no parameter ${stranger}`;
  for (const [name, { allowedPattern, allowedValues, default: standard }] of Object.entries(document.parameters)) {
    const [value, ...more] = parameters[name] ?? (standard === undefined ? [] : [standard]);
    if (value === undefined) return `the parameter ${name} is missing`;
    if (more.length > 0) return `the parameter ${name} is a String`;
    if (allowedValues !== undefined && !allowedValues.includes(value)) return `${name} has no such value`;
    if (allowedPattern !== undefined && !matches(allowedPattern, value)) return `${name} does not match its pattern`;
  }
  return undefined;
}
