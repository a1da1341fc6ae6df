/** What `regex --stack` and `regex --log-group` do: the report of `regex` on the events of log groups. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Account } from "../../shared/adapters/aws/account/clients.ts";
import { createLogGroups } from "../../shared/adapters/aws/logs/log-groups.ts";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";
import { PortError } from "../../shared/ports/failure.ts";
import type { LogGroups, Span } from "../../shared/ports/log-groups.ts";
import type { CommandContext } from "../command-context.ts";
import { CliFailure, EXIT_REFUSED, EXIT_USAGE } from "../failure.ts";
import { createProgress } from "../progress.ts";
import type { ChosenFilter } from "../regex/choose-filter.ts";
import { type RegexOptions, testRegex } from "../regex/test-regex.ts";
import type { Terminal } from "../terminal.ts";
import { explain, failing } from "./explain.ts";
import { withAccount, withStack } from "./open-stack.ts";
import type { Instant } from "./time-span.ts";

export interface GroupOptions extends RegexOptions {
  readonly stack?: string;
  readonly profile?: string;
  readonly region?: string;
  readonly logGroup?: string;
  readonly since?: Instant;
  readonly until?: Instant;
}

interface Given {
  readonly regex: string;
  readonly ignoreregex: string | undefined;
}

/** As Lambdas read them: in UTC where a line names no zone. */
const UTC = () => 0;
const HOUR = 3_600_000;

/** Reads the groups and prints the report; where reading fails midway, the report is of what came, and the exit code 255. */
export async function testRegexOnGroup(given: Given, options: GroupOptions, context: CommandContext): Promise<void> {
  const { stack, logGroup } = options;
  const { env } = context.terminal;
  await failing(() => {
    if (stack !== undefined) {
      return withStack({ ...options, stack }, env, async ({ account, description, ruleset }) => {
        const chosen = await deployed(given.regex, ruleset);
        const groups = logGroup === undefined ? (chosen?.groups ?? description.logGroups) : [logGroup];
        await report(given, onlyGroups(groups, chosen !== undefined), chosen?.filter, account, options, context);
      });
    }
    if (logGroup === undefined) {
      throw new CliFailure("--since, --until and the account's options are for a log group", {
        exitCode: EXIT_USAGE,
        next: "Name a --stack or a --log-group.",
      });
    }
    return withAccount(options, env, (account) => report(given, [logGroup], undefined, account, options, context));
  });
}

/** The jail of that name as the stack runs it, and the log groups that it reads. */
async function deployed(
  name: string,
  ruleset: () => Promise<CompiledRuleset>,
): Promise<{ readonly filter: ChosenFilter; readonly groups: readonly string[] } | undefined> {
  const { jails, logGroups } = await ruleset().catch((error: unknown) => {
    // Direction: a stack that has adopted nothing yet has no jails, and filters of this machine can be tried on its logs.
    if (error instanceof PortError && error.code === "missing") return { jails: [], logGroups: {} };
    throw error;
  });
  const jail = jails.find((each) => each.name === name);
  if (jail === undefined) return undefined;
  const groups = Object.entries(logGroups).flatMap(([group, names]) => (names.includes(name) ? [group] : []));
  return { filter: { jail, uses: [`Use             jail : ${name}, as deployed`] }, groups };
}

/** A filter that no jail of the stack has says nothing of where its lines are. */
function onlyGroups(groups: readonly string[], ofJail: boolean): readonly string[] {
  if (ofJail ? groups.length > 0 : groups.length === 1) return groups;
  const next = groups.length === 0 ? "Name one." : `There are: ${groups.join(", ")}`;
  throw new CliFailure("which log group? Name it with --log-group", { exitCode: EXIT_USAGE, next });
}

async function report(
  { regex, ignoreregex }: Given,
  names: readonly string[],
  chosen: ChosenFilter | undefined,
  account: Account,
  options: GroupOptions,
  context: CommandContext,
): Promise<void> {
  const now = Date.now();
  const span = { since: (options.since ?? ((at) => at - HOUR))(now), until: (options.until ?? ((at) => at))(now) };
  if (span.since >= span.until) throw new CliFailure("--since lies after --until", { exitCode: EXIT_USAGE });
  const groups = createLogGroups(account.logs, { wait: (duration) => sleep(duration), now: Date.now });
  const reading = readLines(groups, names, span, options, context.terminal);
  const source = { kind: "stream", name: describe(names, span), lines: reading.lines } as const;
  const given = { log: "", regex, ignoreregex, source, zone: UTC, ...(chosen !== undefined && { chosen }) };
  await testRegex(given, options, context);
  const stopped = reading.stopped();
  if (stopped === undefined) return;
  context.terminal.note(`error: ${explain(stopped.error)?.reason ?? String(stopped.error)}`);
  context.terminal.note(
    `    The report is of what was read. Go on: --log-group ${stopped.group} --since ${stopped.at}`,
  );
  context.exit(EXIT_REFUSED);
}

function describe(names: readonly string[], { since, until }: Span): string {
  return `${names.join(", ")} from ${new Date(since).toISOString()} to ${new Date(until).toISOString()}`;
}

interface Reading {
  readonly lines: AsyncIterable<string>;
  /** Where and why reading ended early; undefined = it did not. */
  stopped(): { readonly group: string; readonly at: string; readonly error: unknown } | undefined;
}

function readLines(groups: LogGroups, names: readonly string[], span: Span, options: GroupOptions, terminal: Terminal) {
  // Failures that are printed as they come leave no place for a progress line.
  const progress = options.out === undefined && !options.json ? createProgress(terminal) : undefined;
  let stopped: ReturnType<Reading["stopped"]>;
  async function* lines(): AsyncGenerator<string> {
    let count = 0;
    for (const name of names) {
      let at = span.since;
      try {
        for await (const page of groups.read(name, span)) {
          yield* page.map(({ text }) => text);
          count += page.length;
          at = page.at(-1)?.at ?? at;
          progress?.show(at - span.since, span.until - span.since, `${name}: ${count} lines`);
        }
      } catch (error) {
        // Direction: what cannot be had now is fetched later, by the person; a group that gave nothing at all is an error.
        if (!(error instanceof PortError) || count === 0) throw error;
        stopped = { group: name, at: new Date(at).toISOString(), error };
        break;
      } finally {
        progress?.clear();
      }
    }
  }
  return { lines: lines(), stopped: () => stopped } satisfies Reading;
}
