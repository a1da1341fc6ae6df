/** A person with credentials for the rig's stack: the product's command line, as a process. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { STACK } from "./services.ts";

const BIN = fileURLToPath(new URL("../cli/bin.mjs", import.meta.url));

export interface Said {
  /** Exit code; -1 = ended by a signal. */
  readonly code: number;
  /** Both outputs. */
  readonly out: string;
}

/** The variables of a shell that is attached to these endpoints. */
export function personalEnvironment(endpoints: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    ...endpoints,
    ...{ AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "rig", AWS_SECRET_ACCESS_KEY: "rig" },
    ...{ AWS_CONFIG_FILE: "/nonexistent", AWS_SHARED_CREDENTIALS_FILE: "/nonexistent", NO_COLOR: "1" },
  };
}

/** Runs `fleet2ban ARGV --stack rig` with `input` on its standard input; a command that fails is an outcome, not an exception. */
export function runCommand(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  input = "",
): Promise<Said> {
  const options = { env: { ...process.env, ...environment }, maxBuffer: 1 << 26 };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [BIN, ...argv, "--stack", STACK], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, out: `${stdout}${stderr}` });
    });
    // A command that reads nothing closes it.
    child.stdin?.on("error", () => undefined).end(input);
  });
}
