/** A fleet of one: this machine, by the same script that hosts in the cloud run. */
import { spawn } from "node:child_process";
import { HOST_SCRIPT_INPUT } from "../../contract/host-input.ts";
import { hostScript } from "../../contract/host-script.ts";
import { type Encoded, encodeChanges, encodeFullList } from "../../core/firewall/encode.ts";
import { parseReceipt } from "../../core/firewall/receipt.ts";
import type { Fleet, FleetReport } from "../../ports/fleet.ts";

/** Runs a command with exactly this environment and input; rejects only where it cannot be started. */
export type Execute = (
  command: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly input: string },
) => Promise<{ readonly stdout: string; readonly stderr: string }>;

export interface HostFleetDeps {
  /** The host's name in reports. */
  readonly host: string;
  readonly execute: Execute;
  /** More of the script's environment: FLEET2BAN_STATE, FLEET2BAN_BACKEND. */
  readonly env?: Readonly<Record<string, string>>;
  /** The shell: /bin/sh is POSIX on every system that has one. */
  readonly shell?: readonly string[];
}

/** Nobody else sends changes to this machine, so a full list is the truth as it arrives, and `asOf` is passed on only where given. */
export function createHostFleet(deps: HostFleetDeps): Fleet {
  const run = async (mode: string, input: string): Promise<FleetReport> => {
    const command = [...(deps.shell ?? ["/bin/sh"]), "-c", hostScript.text, "fleet2ban"];
    try {
      const { stdout, stderr } = await deps.execute(command, {
        env: { ...deps.env, [HOST_SCRIPT_INPUT.mode]: mode },
        input,
      });
      const reply = parseReceipt(stdout);
      if (reply.kind !== "unreadable") return { kind: "replied", host: deps.host, reply };
      return {
        kind: "replied",
        host: deps.host,
        reply: { ...reply, message: `${reply.message}: ${stderr.slice(0, 300)}` },
      };
    } catch (error) {
      // No shell, no memory: nothing was done, and the caller hears it as it hears any other host that fails.
      return { kind: "replied", host: deps.host, reply: { kind: "unreadable", message: String(error) } };
    }
  };
  const send = async (mode: string, { chunks, refused }: Encoded): Promise<readonly FleetReport[]> => {
    const reports: FleetReport[] = refused.map((change) => ({ kind: "refused", ...change }));
    for (const chunk of chunks) reports.push(await run(mode, chunk));
    return reports;
  };
  return {
    apply: (changes) => send("apply", encodeChanges(changes)),
    reconcile: (bans, scope) => send("reconcile", encodeFullList(bans, undefined, scope?.asOf)),
    status: async () => [await run("status", "")],
    clear: async () => [await run("clear", "")],
  };
}

/** Long enough for a host whose lock is held for its whole patience. */
const PATIENCE = 150_000;

/** Execute on this machine; `prefix` goes before each command ("ip netns exec NAME"). */
export function executeLocally(prefix: readonly string[] = []): Execute {
  return ([...command], { env, input }) =>
    new Promise((resolve, reject) => {
      const [file = "", ...args] = [...prefix, ...command];
      const child = spawn(file, args, { env, stdio: "pipe", timeout: PATIENCE });
      const output = { stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
      // A script that refuses before it reads closes its input; what it printed says why.
      child.stdin.on("error", () => undefined).end(input);
      child.on("error", reject).on("close", () => resolve(output));
    });
}
