/** `ping`, `version`, `reload`, `stop`: about the daemon itself. */
import type { Command } from "commander";
import { askDaemon } from "../ask-daemon.ts";
import type { CommandContext } from "../command-context.ts";
import { type SocketOptions, withExamples, withSocket } from "./common-options.ts";

const COMMANDS = [
  ["ping", "whether the daemon answers", "prints: Server replied: pong"],
  ["version", "the version of the running daemon", "the program's own: fleet2ban --version"],
  ["reload", "read the configuration again; a broken one is refused and the old one goes on", "as SIGHUP does"],
  ["stop", "end the daemon; bans stay in its state and in the kernel", "as SIGTERM does"],
] as const;

export function addServer(program: Command, context: CommandContext): void {
  for (const [name, description, meaning] of COMMANDS) {
    const command = program
      .command(name)
      .description(description)
      .action((options: SocketOptions) => askDaemon({ kind: name }, options, context));
    withExamples(withSocket(command), [[name, meaning]]);
  }
}
