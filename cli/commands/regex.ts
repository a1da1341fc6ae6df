/** `regex`: fail2ban-regex, on the engine that bans. */
import { type Command, InvalidArgumentError } from "commander";
import type { GroupOptions } from "../cloud/regex-on-group.ts";
import { parseInstant } from "../cloud/time-span.ts";
import type { CommandContext } from "../command-context.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";
import { withConfig, withExamples } from "./common-options.ts";

interface Given extends GroupOptions {
  readonly verbosity?: number;
}

export function addRegex(program: Command, context: CommandContext): void {
  const command = program
    .command("regex <log> [regex] [ignoreregex]")
    .summary("try a filter on a log or a line (fail2ban-regex)")
    .description("try a filter on a log: hits per regex, dates found, lines missed (fail2ban-regex)")
    .addHelpText(
      "after",
      "\n<log> is a file, - for standard input, systemd-journal (through journalctl), or the line itself.\n" +
        "<regex> is a jail, a filter with its options (sshd[mode=aggressive]), a filter file, or the failregex itself.\n" +
        "[ignoreregex] is the ignoreregex itself.\n" +
        "With --stack or --log-group the lines are those of a log group, and <log> is left out:\n" +
        "fleet2ban regex --stack NAME [--since 1h] <regex> [ignoreregex]; <regex> may be a jail as the stack runs it.",
    )
    .option("-d, --datepattern <pattern>", "how dates are written, instead of the filter's own pattern")
    .option("--TZ, --timezone <zone>", "zone of dates that name none: UTC, UTC+0200, CET …")
    .option("-e, --encoding <name>", "encoding of the log", "UTF-8")
    .option("-r, --raw", "take host names as they are, look nothing up")
    .option("--usedns <mode>", "yes, warn, no (addresses only) or raw")
    .option("-L, --maxlines <n>", "lines that one match may span", count)
    .option("-m, --journalmatch <match>", "with systemd-journal: which entries, instead of the filter's own choice")
    .option("-l, --log-level <level>", "accepted for compatibility; there is no other log")
    .option("-v, --verbose", "more: whom each regex found, regexes and dates without hits", increase, 0)
    .option("--verbosity <level>", "0 to 4, as many -v", level)
    .option("--VD, --verbose-date", "with the date templates that found nothing")
    .option("-D, --debuggex", "debuggex.com URLs (not supported: use --json)")
    .option("--no-check-all", "stop at the first failregex that hits, as in operation")
    .option("--explain", "each line step by step: date, what is left of it, where each regex stops, id, verdict")
    .option("--injection", "look for a text in the {{marked}} parts of the line that has another address banned")
    .option("-o, --out <format>", 'only failures: row, id, ip, msg, a group\'s name, or a text with "<tags>"')
    .option("-i, --invert", "with -o: the lines that are no failures")
    .option("--print-no-missed", "do not print missed lines")
    .option("--print-no-ignored", "do not print ignored lines")
    .option("--print-all-matched", "print matched lines")
    .option("--print-all-missed", "print all missed lines, however many")
    .option("--print-all-ignored", "print all ignored lines, however many")
    .option("--stack <name>", "lines of a log group that this deployed stack reads, instead of <log>")
    .option("--log-group <name>", "of this log group")
    .option("--since <time>", "from then on: 30m or 2d ago, or an instant such as 2026-11-22T17:00Z (1h)", parseInstant)
    .option("--until <time>", "up to then (now)", parseInstant)
    .option("--profile <name>", "AWS profile, as the AWS CLI has it (or $AWS_PROFILE)")
    .option("--region <name>", "AWS Region (or $AWS_REGION)")
    .action(async (first: string, second: string | undefined, third: string | undefined, given: Given) => {
      const options = { ...given, verbose: given.verbosity ?? given.verbose };
      if (isCloud(options)) {
        if (third !== undefined) throw wrong("a log group stands in the place of <log>", "Leave <log> out.");
        const { testRegexOnGroup } = await import("../cloud/regex-on-group.ts");
        return testRegexOnGroup({ regex: first, ignoreregex: second }, options, context);
      }
      if (second === undefined) throw wrong("missing required argument 'regex'", "See: fleet2ban help regex");
      const { testRegex } = await import("../regex/test-regex.ts");
      return testRegex({ log: first, regex: second, ignoreregex: third }, options, context);
    });
  withExamples(withConfig(command), [
    ["regex /var/log/haproxy.log haproxy-noserver", "a filter on a log"],
    ["regex 'bad login from 192.0.2.1' 'from <HOST>$'", "a regex on a line"],
    ["regex -o ip /var/log/haproxy.log haproxy-auth", "only the addresses"],
    ["regex --explain 'bad login from 192.0.2.1' 'login by <HOST>'", "why a line is no failure"],
    ["regex --injection 'login of {{bob}} from 192.0.2.1' 'of .*? from <HOST>'", "whether a client can frame others"],
    ["regex --stack prod --since 1h haproxy-auth", "a jail of the stack prod on the last hour of its log groups"],
    ["regex --log-group /var/log/haproxy 'from <HOST>$'", "a regex on a log group, before anything is deployed"],
    ["regex -m _COMM=sshd systemd-journal sshd", "a filter on this machine's journal"],
    ["regex --print-all-missed - sshd < auth.log", "every line that the filter missed"],
  ]);
}

/** $FLEET2BAN_STACK is not asked here: a file in the first place must stay a file. */
function isCloud({ stack, logGroup, since, until, profile, region }: GroupOptions): boolean {
  return [stack, logGroup, since, until, profile, region].some((option) => option !== undefined);
}

function wrong(message: string, next: string): CliFailure {
  return new CliFailure(message, { exitCode: EXIT_USAGE, next });
}

function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("it is a whole number of at least 1.");
  return Number(text);
}

function level(text: string): number {
  if (!/^[0-4]$/.test(text)) throw new InvalidArgumentError("it is a number from 0 to 4.");
  return Number(text);
}

function increase(_text: string, verbose: number): number {
  return verbose + 1;
}
