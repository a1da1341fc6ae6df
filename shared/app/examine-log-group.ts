/**
 * `doctor` on one log group: whether its lines can come to the jails, and whether the failures among them do.
 *
 * The filter pattern is tried by the service itself on lines that the jails match: a pattern that hides one of them would
 * be a hole that nobody notices.
 */
import type { Matcher } from "../core/filter/event.ts";
import { EMPTY_LINE_STATE } from "../core/filter/line-state.ts";
import type { Finding, Level } from "../core/report/findings.ts";
import { PortError } from "../ports/failure.ts";
import type { GroupLine, LogGroupFacts, LogGroups, Subscription } from "../ports/log-groups.ts";

export interface LogGroupRequest {
  readonly name: string;
  /** The deployed stack that should be subscribed; undefined = nothing is deployed yet. */
  readonly stack: { readonly name: string; readonly ingestFunction: string } | undefined;
  /** The jails that read the group; undefined = none does, as far as is known. */
  readonly matcher: Matcher | undefined;
  /** The pattern that a deployment would set; asked only where nothing is deployed yet. */
  readonly pattern: string | undefined;
  /** Epoch ms. */
  readonly now: number;
}

export interface LogGroupDeps {
  readonly logGroups: LogGroups;
}

/** CloudWatch's limit. */
const SUBSCRIPTIONS = 2;
/** So far back lines are read, ms, in so many pages at most; and so many failures are enough to try a pattern on. */
const BACK = 3_600_000;
const PAGES = 10;
const TRIED = 50;
/** Longer lines are not sent back to be tried. */
const LONGEST = 8_192;

/** Yields findings as they come. Throws PortError where the service does not tell. */
export async function* examineLogGroup(request: LogGroupRequest, deps: LogGroupDeps): AsyncGenerator<Finding> {
  const { name, stack } = request;
  const found = (level: Level, text: string, next?: string): Finding => ({
    ...{ subject: `log group ${name}`, level, text },
    ...(next !== undefined && { next }),
  });
  if (stack !== undefined && isOwn(name, stack)) {
    yield found(
      "failure",
      "belongs to a function of the stack itself: each of its lines would cause another",
      "Take it off the jails' log groups.",
    );
    return;
  }
  const facts = await deps.logGroups.find(name);
  if (facts === undefined) {
    const next = "Start the CloudWatch agent that fills it, correct loggroup in the jail, or look in another --region.";
    yield found("failure", "does not exist", next);
    return;
  }
  yield classOf(facts, found);
  if (facts.class !== "STANDARD") return;

  const subscriptions = await deps.logGroups.subscriptions(name);
  const ours = stack === undefined ? undefined : subscriptions.find((each) => isOurs(each, stack));
  yield subscriptionOf(subscriptions, ours, stack !== undefined, found);
  const transformer = transformerOf(facts, ours, found);
  if (transformer !== undefined) yield transformer;

  const { lines, failures } = await sample(request, deps.logGroups);
  yield linesOf(lines, failures, request.matcher !== undefined, found);
  const pattern = stack === undefined ? request.pattern : ours?.pattern;
  if (pattern !== undefined) yield await tryPattern(pattern, failures, deps.logGroups, found);
}

type Found = (level: Level, text: string, next?: string) => Finding;

function isOwn(name: string, stack: NonNullable<LogGroupRequest["stack"]>): boolean {
  return name === `/aws/lambda/${stack.ingestFunction}` || name.startsWith(`/aws/lambda/${stack.name}-`);
}

function isOurs({ name, destination }: Subscription, stack: NonNullable<LogGroupRequest["stack"]>): boolean {
  return name === stack.name || destination.endsWith(`:function:${stack.ingestFunction}`);
}

function classOf({ class: group, retention }: LogGroupFacts, found: Found): Finding {
  if (group === "STANDARD") {
    return found("ok", `class Standard, kept ${retention === undefined ? "for ever" : `${retention} days`}`);
  }
  return found(
    "failure",
    `has the class ${group}, which has no subscriptions`,
    "Send the lines to a new log group of class Standard: a class cannot be changed.",
  );
}

function subscriptionOf(
  all: readonly Subscription[],
  ours: Subscription | undefined,
  deployed: boolean,
  found: Found,
): Finding {
  if (ours !== undefined) return found("ok", `is subscribed by ${ours.name}`);
  const others = all.map((each) => each.name).join(", ");
  if (all.length >= SUBSCRIPTIONS) {
    const next = "Delete one of them, or let both of their readers share one (a Kinesis stream).";
    return found("failure", `both of its subscription filters are taken: ${others}`, next);
  }
  if (deployed) return found("failure", "is not subscribed by the stack", "Deploy the stack again.");
  return found("ok", `${SUBSCRIPTIONS - all.length} of ${SUBSCRIPTIONS} subscription filters are free`);
}

function transformerOf({ transformed }: LogGroupFacts, ours: Subscription | undefined, found: Found) {
  if (!transformed) return undefined;
  if (ours?.transformed) {
    const next =
      "Subscribe to the events as they were written (applyOnTransformedLogs = false): deploy the stack again.";
    return found("failure", "a transformer rewrites the lines before the jails see them", next);
  }
  return found("ok", "has a transformer; subscriptions see the lines as they were written");
}

interface Sample {
  readonly lines: number;
  /** Messages in which the jails find a failure. */
  readonly failures: readonly string[];
}

async function sample({ name, matcher, now }: LogGroupRequest, logGroups: LogGroups): Promise<Sample> {
  const failures: string[] = [];
  let lines = 0;
  let pages = 0;
  for await (const page of logGroups.read(name, { since: now - BACK, until: now })) {
    lines += page.length;
    if (matcher !== undefined) failures.push(...failuresIn(page, matcher));
    if (++pages >= PAGES || failures.length >= TRIED) break;
  }
  return { lines, failures: failures.slice(0, TRIED) };
}

function failuresIn(page: readonly GroupLine[], matcher: Matcher): string[] {
  const events = page.map(({ id, stream, at, text }) => ({ id, stream, at, text: text.replace(/\r?\n$/, "") }));
  const { failures, threads } = matcher.match(events);
  // What needs earlier lines goes on from nothing here: a failure may be missed at the begin, none is made up.
  const told = threads.flatMap((thread) => thread.resume(EMPTY_LINE_STATE).failures);
  const hit = new Set([...failures, ...told].map(({ identity }) => identity));
  return page.filter(({ id, text }) => hit.has(id) && text.length <= LONGEST).map(({ text }) => text);
}

function linesOf(lines: number, failures: readonly string[], hasJails: boolean, found: Found): Finding {
  if (lines === 0) {
    return found(
      "warning",
      "got no line within the last hour",
      "See that the CloudWatch agent runs and sends this file.",
    );
  }
  if (!hasJails)
    return found(
      "warning",
      `${several(lines, "line")} looked at, but no jail reads them`,
      "Write loggroup into a jail.",
    );
  const more = failures.length >= TRIED ? " at least" : "";
  return found(
    "ok",
    `${several(lines, "line")} of the last hour looked at, the jails find${more} ${several(failures.length, "failure")}`,
  );
}

async function tryPattern(
  pattern: string,
  failures: readonly string[],
  logGroups: LogGroups,
  found: Found,
): Promise<Finding> {
  if (pattern === "") return found("ok", "every line is sent to the jails: there is no filter pattern");
  try {
    // A pattern is looked at as a whole, whatever it is tried on.
    const passed = await logGroups.sift(pattern, failures.length === 0 ? ["-"] : failures);
    const hidden = failures.filter((_, index) => passed[index] === false);
    if (hidden.length > 0) {
      const text = `the filter pattern hides ${hidden.length} of ${several(failures.length, "failure")}, such as: ${short(hidden[0]!)}`;
      return found("failure", text, "Deploy the stack again, and report this line: it is a defect of fleet2ban.");
    }
    if (failures.length === 0) return found("ok", "the filter pattern is accepted; there was no failure to try it on");
    return found(
      "ok",
      `the filter pattern lets ${failures.length === 1 ? "the failure" : `all ${failures.length} failures`} through`,
    );
  } catch (error) {
    // Direction: only what the service says of the pattern is a finding; what keeps it from answering is the caller's.
    if (!(error instanceof PortError) || error.code !== "rejected") throw error;
    return found("failure", `the filter pattern is not accepted: ${error.message}`, "Deploy the stack again.");
  }
}

function several(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function short(line: string): string {
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}
