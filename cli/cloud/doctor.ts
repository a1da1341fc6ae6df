/**
 * What `doctor` does: looks at everything that has to be so for fleet2ban to work in an account, before the first
 * deployment or after it. It changes nothing; what it may not look at is a finding too.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { readyRuleset } from "../../lambdas/runtime/ruleset.ts";
import type { Account } from "../../shared/adapters/aws/account/clients.ts";
import { createLogGroups } from "../../shared/adapters/aws/logs/log-groups.ts";
import { createSubscribers } from "../../shared/adapters/aws/sns/subscribers.ts";
import { createSsmInventory } from "../../shared/adapters/aws/ssm/inventory.ts";
import { findCaller } from "../../shared/adapters/aws/sts/caller.ts";
import { examineFleet, examineInventory } from "../../shared/app/examine-fleet.ts";
import { examineLogGroup, type LogGroupRequest } from "../../shared/app/examine-log-group.ts";
import { examineJails, examineState, examineTopic } from "../../shared/app/examine-stack.ts";
import { type Finding, formatFinding, formatVerdict } from "../../shared/core/report/findings.ts";
import type { LogGroups } from "../../shared/ports/log-groups.ts";
import type { CommandContext } from "../command-context.ts";
import type { ConfigOptions } from "../commands/common-options.ts";
import { EXIT_DONE, EXIT_REFUSED } from "../failure.ts";
import type { Terminal } from "../terminal.ts";
import { explain, failing } from "./explain.ts";
import { groupsOfConfiguration } from "./local-groups.ts";
import { type OpenStack, withAccount, withStack } from "./open-stack.ts";

export interface DoctorOptions extends ConfigOptions {
  readonly stack?: string;
  readonly profile?: string;
  readonly region?: string;
  readonly logGroup?: readonly string[];
  readonly tag?: { readonly key: string; readonly value: string };
}

/** One look at a part of the deployment; a PortError that it throws is its last finding. */
interface Look {
  readonly subject: string;
  readonly findings: AsyncIterable<Finding>;
}

/** Prints findings as they come, then the verdict; exit code 255 where one is a failure. */
export async function doctor(options: DoctorOptions, { terminal, exit }: CommandContext): Promise<void> {
  const { stack } = options;
  const { env } = terminal;
  const found: Finding[] = [];
  const tell = (finding: Finding) => {
    found.push(finding);
    if (!options.json) print(finding, terminal);
  };
  await failing(() =>
    stack === undefined
      ? withAccount(options, env, (account, region) => lookAtAccount(account, region, options, terminal, tell))
      : withStack({ ...options, stack }, env, (open) => lookAtStack(open, options, terminal, tell)),
  );
  if (options.json) terminal.json({ findings: found });
  else terminal.line(`\n${formatVerdict(found)}`);
  exit(found.some(({ level }) => level === "failure") ? EXIT_REFUSED : EXIT_DONE);
}

function print(finding: Finding, { line, colours }: Terminal): void {
  const paint = { ok: colours.green, warning: colours.yellow, failure: colours.red }[finding.level];
  const { mark, rest } = formatFinding(finding);
  line(paint(mark) + rest);
}

type Tell = (finding: Finding) => void;

async function lookAtStack(open: OpenStack, options: DoctorOptions, terminal: Terminal, tell: Tell): Promise<void> {
  const { account, description, state, caller, name, region } = open;
  const { ingestFunction, logGroups, alarmTopicArn, mailTopics = [] } = description;
  const text = `version ${description.version} in ${region} of account ${caller.account}, asked as ${caller.arn}`;
  tell({ subject: `stack ${name}`, level: "ok", text });
  await take({ subject: "tables", findings: examineState(terminal.zone, state) }, tell);
  // Without a ruleset there are no jails to look at; that was told just now.
  const ready = await open.ruleset().then(readyRuleset, () => undefined);
  if (ready !== undefined) {
    await take({ subject: "jails", findings: examineJails([...ready.rules.keys()], state) }, tell);
  }
  const groups = groupsOf(account);
  for (const group of new Set([...logGroups, ...(options.logGroup ?? [])])) {
    const matcher = ready?.matcherOf(group);
    const request = { name: group, stack: { name, ingestFunction }, matcher, pattern: undefined, now: Date.now() };
    await takeGroup(request, groups, tell);
  }
  const { targetTagKey: key, targetTagValue: value } = description;
  const inventory = createSsmInventory(account.ssm, { key, value });
  const request = { tag: `${key}=${value}`, now: Date.now(), zone: terminal.zone };
  const hosts = examineFleet(request, { inventory, hosts: state.hosts, script: undefined });
  await take({ subject: "hosts", findings: hosts }, tell);
  const subscribers = createSubscribers(account.sns);
  const topics = [
    { arn: alarmTopicArn, what: "alarms" },
    ...mailTopics.map((arn) => ({ arn, what: `mails by ${arn.slice(arn.lastIndexOf(":") + 1)}` })),
  ];
  for (const topic of topics) {
    await take({ subject: topic.what, findings: examineTopic(topic, { subscribers }) }, tell);
  }
}

async function lookAtAccount(
  account: Account,
  region: string,
  options: DoctorOptions,
  terminal: Terminal,
  tell: Tell,
): Promise<void> {
  const { arn, account: id } = await findCaller(account.sts);
  tell({ subject: "account", level: "ok", text: `${id} in ${region}, asked as ${arn}` });
  const local = groupsOfConfiguration(options.config);
  // Who names log groups wants to know of those; otherwise it is the configuration that counts, with its mistakes.
  const names = options.logGroup ?? [...local.groups.keys()];
  if (options.logGroup === undefined) for (const finding of local.findings) tell(finding);
  const groups = groupsOf(account);
  for (const name of names) {
    const { matcher, pattern } = local.groups.get(name) ?? {};
    await takeGroup({ name, stack: undefined, matcher, pattern, now: Date.now() }, groups, tell);
  }
  if (options.tag === undefined) {
    tell({ subject: "hosts", level: "warning", text: "not looked at", next: "Name their tag: --tag Key=Value" });
    return;
  }
  const { key, value } = options.tag;
  const inventory = createSsmInventory(account.ssm, options.tag);
  const request = { tag: `${key}=${value}`, now: Date.now(), zone: terminal.zone };
  await take({ subject: "hosts", findings: examineInventory(request, { inventory }) }, tell);
}

function groupsOf({ logs }: Account): LogGroups {
  return createLogGroups(logs, { wait: (duration) => sleep(duration), now: Date.now });
}

function takeGroup(request: LogGroupRequest, logGroups: LogGroups, tell: Tell): Promise<void> {
  return take({ subject: `log group ${request.name}`, findings: examineLogGroup(request, { logGroups }) }, tell);
}

async function take({ subject, findings }: Look, tell: Tell): Promise<void> {
  try {
    for await (const finding of findings) tell(finding);
  } catch (error) {
    // Direction: what cannot be looked at is a failure of this one look; the others go on.
    const explanation = explain(error);
    if (explanation === undefined) throw error;
    tell({ subject, level: "failure", text: explanation.reason, next: explanation.next });
  }
}
