/** `set JAIL banip|unbanip|addignoreip|delignoreip IP…`, `set JAIL idle on|off`, and `set JAIL held ban|let-go`. */
import { userInfo } from "node:os";
import type { Command } from "commander";
import { ask } from "../ask.ts";
import type { CommandContext } from "../command-context.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";
import { addressesOf } from "./addresses.ts";
import { type TargetOptions, withExamples, withTarget } from "./common-options.ts";
import { duration, immunity } from "./immunity.ts";
import { insteadOf } from "./instead.ts";
import { suggest } from "./suggestion.ts";

interface Options extends TargetOptions {
  readonly reportAbsent?: true;
  /** Ms. */
  readonly immune?: number;
}

const VERBS = ["banip", "unbanip", "addignoreip", "delignoreip", "idle", "held"] as const;

export function addSet(program: Command, context: CommandContext): void {
  const command = program
    .command("set <jail> <verb> <value...>")
    .summary("banip, unbanip, addignoreip, delignoreip, idle or held in one jail")
    .description(
      "ban and unban by hand (banip, unbanip; - takes a list on standard input, an address or network a line), change the ignore list (addignoreip, delignoreip; it outlives restarts), " +
        "let a jail rest or wake it (idle on, idle off), or settle what was held back when the jail banned suspiciously many (held ban, held let-go)",
    )
    .option("--report-absent", "with unbanip: fail where an address is not banned")
    .option("--immune <time>", "with unbanip: the jail may not ban it again for so long (30m, 2h, 1d)", duration)
    .action(async (jail: string, verb: string, words: string[], options: Options) => {
      switch (verb) {
        case "banip":
          return ask({ kind: "ban", jail, ids: await addressesOf(words), actor: actor() }, options, context);
        case "unbanip": {
          const ids = await addressesOf(words);
          const asked = { jail, ids, reportAbsent: options.reportAbsent === true, ...immunity(options) };
          return ask({ kind: "unban", ...asked }, options, context);
        }
        case "addignoreip":
          return ask({ kind: "ignore", jail, entries: words, actor: actor() }, options, context);
        case "delignoreip":
          return ask({ kind: "unignore", jail, entries: words, actor: actor() }, options, context);
        case "idle": {
          const state = oneOf("idle", words, ["on", "off"]);
          return ask({ kind: "idle", jail, idle: state === "on", actor: actor() }, options, context);
        }
        case "held":
          return ask({ kind: "release", jail, verdict: oneOf("held", words, ["ban", "let-go"]) }, options, context);
        default:
          throw new CliFailure(`set cannot '${verb}'`, {
            exitCode: EXIT_USAGE,
            next: insteadOf(["set", jail, verb]) ?? suggest(verb, VERBS),
          });
      }
    });
  withExamples(withTarget(command), [
    ["set sshd banip 192.0.2.7 2001:db8::/64", "ban by hand; prints how many are new"],
    ["set sshd banip - < blocklist.txt", "one address or network a line; # and ; begin a comment"],
    ["set sshd unbanip 192.0.2.0/24", "unban every address in the network"],
    ["set sshd unbanip --report-absent 192.0.2.7", "fails where it is not banned"],
    ["set sshd addignoreip 198.51.100.0/24", "never ban these again"],
    ["set sshd idle on", "count and ban nobody in this jail, until idle off"],
    ["set sshd held let-go", "after too many bans at once: forget them, and go on"],
    ["set web addignoreip 198.51.100.7 --stack prod", "in the stack prod, with your AWS credentials"],
  ]);
}

function oneOf<Word extends string>(verb: string, given: readonly string[], words: readonly Word[]): Word {
  const word = words.find((each) => each === given[0]);
  if (given.length === 1 && word !== undefined) return word;
  throw new CliFailure(`${verb} takes ${words.join(" or ")}`, { exitCode: EXIT_USAGE });
}

/** Who asks, for the ban's record: the person behind sudo where there is one. */
function actor(): string {
  return process.env.SUDO_USER || userInfo().username;
}
