/** The command line: every command, its groups in the help, and what a thrown error means to the person who typed. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import type { CommandContext } from "./command-context.ts";
import { addBanned } from "./commands/banned.ts";
import { addCheck } from "./commands/check.ts";
import { addDeeds } from "./commands/deeds.ts";
import { addDemo } from "./commands/demo.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addDump } from "./commands/dump.ts";
import { addGet } from "./commands/get.ts";
import { insteadOf } from "./commands/instead.ts";
import { addRegex } from "./commands/regex.ts";
import { addRun } from "./commands/run.ts";
import { addServer } from "./commands/server.ts";
import { addSet } from "./commands/set.ts";
import { addStatus } from "./commands/status.ts";
import { addUnban } from "./commands/unban.ts";
import { addWhy } from "./commands/why.ts";
import { CliFailure, EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, reasonOf } from "./failure.ts";
import { PACKAGE_JSON } from "./paths.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

/** Runs one command line and gives its exit code; it writes to the process's own streams and ends with them. */
export async function main(argv: readonly string[]): Promise<number> {
  // A reader that has seen enough (`| head`) is no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT_DONE);
    throw error;
  });
  return runCommandLine(argv, createTerminal(process.stdout, process.stderr, process.env));
}

/** The same with a given terminal, for tests. */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode = EXIT_DONE;
  const program = buildProgram(terminal, argv, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    // Every way out of a command ends here: the person reads one sentence, and --debug shows where it came from.
    return report(error, terminal, argv.includes("--debug"));
  }
}

function buildProgram(terminal: Terminal, argv: readonly string[], exit: (code: number) => void): Command {
  const context: CommandContext = { terminal, version: version(), exit };
  const program = new Command("fleet2ban")
    .description("Fail2Ban for cloud fleets: reads logs, counts failures per address, bans and unbans.")
    .version(context.version, "-V, --version", "print the version of this program")
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.note(text.trimEnd()),
      outputError: (text, write) => write(usageError(text, insteadOf(argv))),
    })
    .exitOverride()
    .showHelpAfterError("(fleet2ban --help lists the commands)")
    .addHelpText("after", "\nExit codes: 0 done, 2 wrong usage, 255 refused or failed.\n")
    .addHelpCommand(
      new Command("help").argument("[command]").helpGroup("Help:").description("show the help of a command"),
    );
  program.commandsGroup("Try it:");
  addDemo(program, context);
  program.commandsGroup("Look at a configuration:");
  addCheck(program, context);
  addDump(program, context);
  addRegex(program, context);
  program.commandsGroup("Run:");
  addRun(program, context);
  program.commandsGroup("Ask and tell the running daemon, or a stack with --stack NAME:");
  addStatus(program, context);
  addBanned(program, context);
  addWhy(program, context);
  addGet(program, context);
  addSet(program, context);
  addUnban(program, context);
  program.commandsGroup("The daemon:");
  addServer(program, context);
  program.commandsGroup("A stack:");
  addDoctor(program, context);
  addDeeds(program, context);
  return program;
}

/** Where fail2ban-client has the words and we have not, what to do instead stands in the place of commander's guess. */
function usageError(text: string, instead: string | undefined): string {
  return instead === undefined ? text : `${text.split("\n", 1)[0]}\n    ${instead}`;
}

/** The version in package.json, the only place that has it. */
function version(): string {
  return (JSON.parse(readFileSync(PACKAGE_JSON, "utf8")) as { version: string }).version;
}

function report(error: unknown, terminal: Terminal, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE;
  if (error instanceof CliFailure) {
    terminal.note(`${terminal.colours.red("error:")} ${error.message}`);
    if (error.next !== undefined) terminal.note(`    ${error.next}`);
    if (debug) terminal.note(String(error.stack ?? ""));
    return error.exitCode;
  }
  terminal.note(`${terminal.colours.red("error:")} ${nativeHint(error) ?? reasonOf(error)}`);
  terminal.note(debug && error instanceof Error ? String(error.stack) : "    Run it again with --debug to see where.");
  return EXIT_REFUSED;
}

/** re2 is compiled when it is installed; an npm that skips scripts, or another Node, leaves it without its native part. */
function nativeHint(error: unknown): string | undefined {
  const text = reasonOf(error);
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== "ERR_DLOPEN_FAILED" && !(code === "MODULE_NOT_FOUND" && text.includes("re2.node"))) return undefined;
  return `the regex engine re2 is not built for this Node (${process.version}): run "npm rebuild re2" or "npm ci"`;
}
