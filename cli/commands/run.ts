/** `run`: the daemon. */
import type { Command } from "commander";
import type { CommandContext } from "../command-context.ts";
import type { RunOptions } from "../daemon/run-daemon.ts";
import { withConfig, withExamples } from "./common-options.ts";

export function addRun(program: Command, context: CommandContext): void {
  const command = program
    .command("run")
    .summary("follow the logs, ban and unban on this machine")
    .description("follow the jails' logs, ban and unban on this machine; SIGTERM ends it, SIGHUP reloads")
    .option("--state <dir>", "where windows, bans and log positions are kept (default: /var/lib/fleet2ban)")
    .option("-s, --socket <path>", "control socket (or $FLEET2BAN_SOCKET)")
    .option("--log <file>", "ban log in Fail2Ban's format, which recidive reads (default: fail2ban.log in the state)")
    .option("--dry-run", "say what would be done, change nothing; needs no root")
    .option("--once", "read what the logs hold now, then end")
    .action(async (options: RunOptions) => {
      const { runDaemon } = await import("../daemon/run-daemon.ts");
      return runDaemon(options, context);
    });
  withExamples(withConfig(command), [
    ["run", "the bundled jails with /etc/fleet2ban over them"],
    ["run --config ./my-config --dry-run", "see what it would ban, as anybody"],
    ["run --config ./my-config --dry-run --once", "the same for what is in the logs now"],
  ]);
}
