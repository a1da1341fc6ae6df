/** What a command needs beside its own arguments. */
import type { Terminal } from "./terminal.ts";

export interface CommandContext {
  readonly terminal: Terminal;
  /** The version of the program. */
  readonly version: string;
  /** Ends the command with this code once its output is written. */
  exit(code: number): void;
}
