/** `set JAIL banip|unbanip|addignoreip|delignoreip IP…`, and `set JAIL held ban|let-go`. */
import { userInfo } from "node:os";
import type { Command } from "commander";
import { askDaemon } from "../ask-daemon.ts";
import type { CommandContext } from "../command-context.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";
import { type SocketOptions, withExamples, withSocket } from "./common-options.ts";
import { suggest } from "./suggestion.ts";

interface Options extends SocketOptions {
  readonly reportAbsent?: true;
}

const VERBS = ["banip", "unbanip", "addignoreip", "delignoreip", "held"] as const;

export function addSet(program: Command, context: CommandContext): void {
  const command = program
    .command("set <jail> <verb> <value...>")
    .summary("banip, unbanip, addignoreip, delignoreip or held in one jail")
    .description(
      "ban and unban by hand (banip, unbanip), change the ignore list (addignoreip, delignoreip; it outlives restarts), or " +
        "settle what was held back when the jail banned suspiciously many (held ban, held let-go)",
    )
    .option("--report-absent", "with unbanip: fail where an address is not banned")
    .action((jail: string, verb: string, ids: string[], options: Options) => {
      switch (verb) {
        case "banip":
          return askDaemon({ kind: "ban", jail, ids, actor: actor() }, options, context);
        case "unbanip":
          return askDaemon({ kind: "unban", jail, ids, reportAbsent: options.reportAbsent === true }, options, context);
        case "addignoreip":
          return askDaemon({ kind: "ignore", jail, entries: ids, actor: actor() }, options, context);
        case "delignoreip":
          return askDaemon({ kind: "unignore", jail, entries: ids, actor: actor() }, options, context);
        case "held": {
          const [verdict] = ids;
          if (ids.length !== 1 || (verdict !== "ban" && verdict !== "let-go")) {
            throw new CliFailure("held takes ban or let-go", { exitCode: EXIT_USAGE });
          }
          return askDaemon({ kind: "release", jail, verdict }, options, context);
        }
        default:
          throw new CliFailure(`set cannot '${verb}'`, { exitCode: EXIT_USAGE, next: suggest(verb, VERBS) });
      }
    });
  withExamples(withSocket(command), [
    ["set sshd banip 192.0.2.7 2001:db8::/64", "ban by hand; prints how many are new"],
    ["set sshd unbanip 192.0.2.0/24", "unban every address in the network"],
    ["set sshd unbanip --report-absent 192.0.2.7", "fails where it is not banned"],
    ["set sshd addignoreip 198.51.100.0/24", "never ban these again"],
    ["set sshd held let-go", "after too many bans at once: forget them, and go on"],
  ]);
}

/** Who asks, for the ban's record: the person behind sudo where there is one. */
function actor(): string {
  return process.env.SUDO_USER || userInfo().username;
}
