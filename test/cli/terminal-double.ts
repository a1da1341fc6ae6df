/** A terminal that keeps what is written to it. */
import { PassThrough } from "node:stream";
import { createTerminal, type Output, type Terminal } from "../../cli/terminal.ts";

export interface TerminalDouble {
  readonly terminal: Terminal;
  /** Everything written to standard output so far. */
  out(): string;
  /** Everything written to standard error so far. */
  err(): string;
}

export function createTerminalDouble(
  env: NodeJS.ProcessEnv = {},
  { isTTY = false, columns = 80 } = {},
): TerminalDouble {
  const sink = () => {
    const chunks: string[] = [];
    const stream = new PassThrough();
    stream.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
    return { stream: Object.assign(stream, { isTTY, columns }) as Output, text: () => chunks.join("") };
  };
  const [out, err] = [sink(), sink()];
  return { terminal: createTerminal(out.stream, err.stream, env), out: out.text, err: err.text };
}
