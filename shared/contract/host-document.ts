/**
 * The SSM document that carries the host script to the hosts, and how much room it leaves for changes.
 *
 * No parameter is ever put into the script's text: the agent hands all of them over as environment variables. An agent
 * that is too old to do so runs the script without them, and the script then refuses to do anything.
 */
import { WIRE_PATTERN } from "../core/firewall/encode.ts";
import { HOST_MODES, HOST_PARAMETERS } from "./host-input.ts";

/** The first SSM agent that passes parameters as environment variables (Systems Manager's notes on ENV_VAR). */
export const OLDEST_AGENT = "3.3.2746.0";

/** How long a command may wait for a host (ms); SSM takes no less than 30 s. */
export const DELIVERY_TIME = 60_000;
/** How long the script may run on a host (ms): it waits up to a minute for another run to end. */
export const RUN_TIME = 120_000;
/** After this (ms) no host begins a command any more: delivery, the wait for another run, and clocks a minute apart. */
export const COMMAND_LIFE = 180_000;

interface DocumentParameter {
  readonly type: "String";
  readonly description: string;
  readonly interpolationType: "ENV_VAR";
  readonly default?: string;
  readonly allowedValues?: readonly string[];
  readonly allowedPattern?: string;
}

export interface HostDocument {
  readonly schemaVersion: "2.2";
  readonly description: string;
  readonly parameters: Readonly<Record<string, DocumentParameter>>;
  readonly mainSteps: readonly [
    {
      readonly action: "aws:runShellScript";
      readonly name: string;
      readonly inputs: { readonly timeoutSeconds: string; readonly runCommand: readonly string[] };
    },
  ];
}

/** The document's content for a script's text; its type is "Command". */
export function hostDocument(script: { readonly text: string; readonly version: string }): HostDocument {
  const parameter = (description: string, rest: Partial<DocumentParameter>): DocumentParameter => ({
    type: "String",
    description,
    interpolationType: "ENV_VAR",
    ...rest,
  });
  return {
    schemaVersion: "2.2",
    description: `fleet2ban host script ${script.version}: brings this host's firewall to what the ban rows say`,
    parameters: {
      [HOST_PARAMETERS.mode]: parameter("What to do", { allowedValues: HOST_MODES }),
      // A command that asks or clears has none.
      [HOST_PARAMETERS.changes]: parameter("Bans and unbans", { default: "", allowedPattern: WIRE_PATTERN }),
      [HOST_PARAMETERS.deadline]: parameter("Epoch seconds; later than that nothing is done", {
        allowedPattern: DEADLINE_PATTERN,
      }),
    },
    mainSteps: [
      {
        action: "aws:runShellScript",
        name: "fleet2ban",
        inputs: { timeoutSeconds: String(RUN_TIME / 1000), runCommand: script.text.replace(/\n$/, "").split("\n") },
      },
    ],
  };
}

/** Epoch seconds: the host script takes no more than eleven digits. */
export const DEADLINE_PATTERN = "^[0-9]{1,11}$";

/** The script's text in a document's content, as `hostDocument` was given it; undefined where there is none. */
export function scriptIn(content: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch {
    // Not a document of ours.
    return undefined;
  }
  const lines = (parsed as Partial<HostDocument> | null)?.mainSteps?.[0]?.inputs?.runCommand;
  return Array.isArray(lines) ? lines.map((line) => `${line}\n`).join("") : undefined;
}

/** The most that SSM takes of a document's content and a command's parameters together, in bytes. */
export const DOCUMENT_LIMIT = 65_536;
/** Left free for the other parameters and for what the service itself adds. */
const RESERVE = 2_048;
/** No line of a command is shorter on average, and each may count one character more: its newline as JSON writes it. */
const SHORTEST_LINE = 8;

/** How many characters of changes a command may carry beside a document's content of so many characters (all ASCII). */
export function changesLimit(contentLength: number): number {
  return Math.floor(((DOCUMENT_LIMIT - RESERVE - contentLength) * SHORTEST_LINE) / (SHORTEST_LINE + 1));
}
