/** One question to a deployed stack, and its answer printed; a change is noted with the caller's ARN. */
import { setTimeout as sleep } from "node:timers/promises";
import { BAN_LOGS, readyRuleset } from "../../lambdas/runtime/ruleset.ts";
import { createSsmInventory } from "../../shared/adapters/aws/ssm/inventory.ts";
import { chance } from "../../shared/app/chance.ts";
import { createKnownBans } from "../../shared/app/known-bans.ts";
import { waitBefore } from "../../shared/app/retry-conflicts.ts";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";
import { parseIp } from "../../shared/core/address.ts";
import type { JailConfig } from "../../shared/core/config/model.ts";
import { createNeverBan, type NeverBan } from "../../shared/core/detect/never-ban.ts";
import { type Answer, exitCodeOf, formatAnswer } from "../../shared/core/report/answer.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { type AnswerDeps, answerRequest } from "../answer/answer-request.ts";
import { type Change, type CommonRequest, commandOf, isChange } from "../answer/request.ts";
import type { CommandContext } from "../command-context.ts";
import type { CommonOptions } from "../commands/common-options.ts";
import { EXIT_REFUSED, reasonOf } from "../failure.ts";
import { createProgress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import { explain } from "./explain.ts";
import { type OpenStack, type StackChoice, withStack } from "./open-stack.ts";

/** Asks, prints and sets the exit code; whatever AWS refuses is an answer too, with exit code 255. */
export async function askStack(
  request: CommonRequest,
  options: StackChoice & CommonOptions,
  { terminal, exit }: CommandContext,
): Promise<void> {
  const { answer, unnoted } = await answerOf(request, options, terminal);
  if (options.json) terminal.json(answer);
  else terminal.line(formatAnswer(answer, terminal.zone));
  exit(exitCodeOf(answer));
  if (unnoted === undefined) return;
  terminal.note(`warning: it is done, but nobody could write down that you did it: ${unnoted}`);
  exit(EXIT_REFUSED);
}

interface Answered {
  readonly answer: Answer;
  /** Why a change that was made is not among the deeds. */
  readonly unnoted?: string;
}

/** Rows written side by side: enough to hide a request's way to the Region, few enough for one connection each. */
const CONCURRENCY = 16;

async function answerOf(request: CommonRequest, choice: StackChoice, terminal: Terminal): Promise<Answered> {
  const work = watchWork(terminal);
  try {
    return await withStack(choice, terminal.env, async (stack) => {
      const deps = { ...(await depsOf(request, stack)), progress: work.progress };
      return isChange(request) ? change(request, deps, stack) : { answer: await answerRequest(request, deps) };
    });
  } catch (error) {
    const explanation = explain(error);
    // What is no PortError is a defect of ours: main prints it as one.
    if (explanation === undefined) throw error;
    const told = { ...explanation, reason: `${explanation.reason}${work.soFar()}` };
    return { answer: { kind: "refused", refusal: { kind: "stack", stack: choice.stack, ...told } } };
  } finally {
    work.end();
  }
}

/** Fewer than these are written before anybody could read a progress line. */
const LONG_WORK = 100;

/** Shows on standard error how far long work has come, and remembers it for an error's words. */
function watchWork({ aside }: Terminal) {
  const bar = createProgress(aside);
  let state = { done: 0, total: 0 };
  return {
    progress(done: number, total: number) {
      state = { done, total };
      const isStep = done === total || done % Math.ceil(total / 100) === 0;
      if (total >= LONG_WORK && isStep) bar.show(done, total, `${done} of ${total}`);
    },
    /** What was done before an error, and that nothing of it is lost by giving the command again. */
    soFar: () =>
      state.done === 0 ? "" : `; ${state.done} of ${state.total} were done before, and stay if you give it again`,
    end: () => bar.clear(),
  };
}

/** Makes the change in the caller's name and notes it, also where it was cut off in the middle. */
async function change(request: Change, deps: AnswerDeps, stack: OpenStack): Promise<Answered> {
  const asked = { ...request, actor: stack.caller.arn };
  const answer = await answerRequest(asked, deps).catch(async (error: unknown) => {
    // Direction: the error is what is told; a part may have been done, so the deed is noted if that can be.
    await note(request, `failed: ${explain(error)?.reason ?? String(error)}`, stack);
    throw error;
  });
  return mayHaveChanged(answer) ? { answer, ...(await note(request, outcomeOf(answer), stack)) } : { answer };
}

async function depsOf(request: CommonRequest, stack: OpenStack): Promise<AnswerDeps> {
  const { state } = stack;
  const compiled = await stack.ruleset();
  const {
    rules,
    neverBan: ruled,
    hash,
  } = await readyRuleset(compiled).catch((cause: unknown) => {
    const next = "Use the version of fleet2ban that deployed the stack, or deploy it again.";
    throw new PortError("rejected", reasonOf(cause), next, cause);
  });
  const neverBan = request.kind === "ban" ? await sparing(ruled, stack) : ruled;
  return {
    ...state,
    ...{ rules, neverBan, chance, ruleset: hash },
    known: createKnownBans(),
    concurrency: CONCURRENCY,
    now: Date.now,
    sources: (jail) => sourcesOf(jail, compiled),
    backoff: (attempt) => sleep(waitBefore(attempt, Math.random())),
    // Each row is written for itself; a command that was cut off is simply given again.
    batch: (work) => work(),
    // The ban rows' stream makes the fleet act.
    act: async () => undefined,
  };
}

/** Nobody bans the fleet's own addresses either; where they cannot be read, nobody is banned. */
async function sparing(ruled: NeverBan, { account, description }: OpenStack): Promise<NeverBan> {
  const { targetTagKey: key, targetTagValue: value } = description;
  const hosts = await createSsmInventory(account.ssm, { key, value }).hosts();
  const own = createNeverBan(hosts.flatMap(({ addresses }) => addresses.flatMap((text) => parseIp(text) ?? [])));
  return { reason: (target) => ruled.reason(target) ?? own.reason(target) };
}

/** Which log groups a jail reads; a recidive jail reads our own ban log, which is none. */
function sourcesOf({ name, logs }: JailConfig, { logGroups }: CompiledRuleset): readonly string[] {
  const groups = Object.entries(logGroups).flatMap(([group, jails]) => (jails.includes(name) ? [group] : []));
  return [...groups, ...logs.map(({ path }) => path).filter((path) => BAN_LOGS.includes(path))];
}

/** A refusal that comes before anything is done leaves nothing to note; the others may have done a part. */
function mayHaveChanged(answer: Answer): boolean {
  if (answer.kind !== "refused") return true;
  return answer.refusal.kind === "never-ban" || answer.refusal.kind === "not-banned";
}

async function note(made: Change, outcome: string, { state, caller }: OpenStack): Promise<Pick<Answered, "unnoted">> {
  const deed = { actor: caller.arn, at: Date.now(), command: commandOf(made), outcome };
  try {
    await state.audit.note(deed);
    return {};
  } catch (error) {
    // Direction: the change stands and is told; that it could not be noted is told too.
    return { unnoted: explain(error)?.reason ?? String(error) };
  }
}

/** What came of a change, in a few words. */
function outcomeOf(answer: Answer): string {
  switch (answer.kind) {
    case "count":
      return `${answer.count} changed`;
    case "ignored":
      return `${answer.entries.length} on the list`;
    case "idle":
      return answer.idle ? "idle" : "awake";
    case "refused":
      return "a part refused";
    default:
      return "done";
  }
}
