/**
 * A deployed stack, opened by a person: its description, its state, the ruleset that its fleet runs, and who asks.
 *
 * IAM is the only authority: whoever may write the tables may ban.
 */

import { parseRuleset } from "../../lambdas/runtime/load-ruleset.ts";
import { type Account, openAccount } from "../../shared/adapters/aws/account/clients.ts";
import { findStack, listStacks } from "../../shared/adapters/aws/account/stack.ts";
import { type CloudState, createCloudState } from "../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { portErrorOf } from "../../shared/adapters/aws/errors.ts";
import { type Caller, findCaller } from "../../shared/adapters/aws/sts/caller.ts";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";
import type { StackDescription } from "../../shared/contract/stack-description.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { reasonOf } from "../failure.ts";

/** Which stack, and how to reach it. */
export interface StackChoice {
  readonly stack: string;
  readonly profile?: string;
  readonly region?: string;
}

export interface OpenStack {
  readonly name: string;
  readonly region: string;
  readonly account: Account;
  readonly description: StackDescription;
  readonly state: CloudState;
  readonly caller: Caller;
  /** The ruleset that the fleet runs. Throws PortError "missing" where no function has run yet. */
  ruleset(): Promise<CompiledRuleset>;
}

/** Runs `work` on the stack, and closes what was opened. Throws PortError in words for the person who asked. */
export async function withStack<T>(
  choice: StackChoice,
  env: Readonly<Record<string, string | undefined>>,
  work: (stack: OpenStack) => Promise<T>,
): Promise<T> {
  return withAccount(choice, env, async (account, region) => {
    const { stack: name } = choice;
    const caller = await findCaller(account.sts);
    const description = await findStack(account.ssm, name).catch((error: unknown) =>
      explainMissing(error, choice, caller, region, account),
    );
    const { windowsTable: windows, bansTable: bans, controlTable: control } = description;
    const state = createCloudState(account.dynamodb, { windows, bans, control });
    return work({ ...{ name, region, account, description, state, caller }, ruleset: () => rulesetOf(state, name) });
  });
}

/** Runs `work` on the account alone: before there is a stack. */
export async function withAccount<T>(
  options: { readonly profile?: string; readonly region?: string },
  env: Readonly<Record<string, string | undefined>>,
  work: (account: Account, region: string) => Promise<T>,
): Promise<T> {
  const { profile } = options;
  // The AWS CLI knows this name too; the SDK does not.
  const region = options.region ?? (env.AWS_REGION ? undefined : env.AWS_DEFAULT_REGION || undefined);
  const account = openAccount(
    { ...(profile !== undefined && { profile }), ...(region !== undefined && { region }) },
    env,
  );
  try {
    const asked = await account.region().catch((error: unknown) => {
      throw portErrorOf(error, { operation: "looking for the Region", on: "this account" });
    });
    return await work(account, asked);
  } finally {
    account.close();
  }
}

/** Where people look in the wrong account or Region, the names of what is there help most. */
async function explainMissing(
  error: unknown,
  { stack }: StackChoice,
  { account: id }: Caller,
  region: string,
  account: Account,
): Promise<never> {
  if (!(error instanceof PortError) || error.code !== "missing") throw error;
  // Direction: who may not list is told without the list.
  const others = await listStacks(account.ssm).catch(() => []);
  const there = others.length === 0 ? "" : ` Stacks here: ${others.join(", ")}.`;
  throw new PortError(
    "missing",
    `there is no stack "${stack}" in ${region} of account ${id}`,
    `Check the name, --region and --profile, or deploy it.${there}`,
    error,
  );
}

async function rulesetOf({ editions }: CloudState, stack: string): Promise<CompiledRuleset> {
  const edition = await editions.current();
  if (edition === undefined) {
    throw new PortError(
      "missing",
      `the stack ${stack} has not adopted its ruleset yet: none of its functions has run`,
      "Wait until the first log lines or the next minute's sweep, then ask again; if it stays, see: fleet2ban doctor",
    );
  }
  try {
    return parseRuleset(edition.ruleset, `the ruleset of the stack ${stack}`);
  } catch (cause) {
    const next = "Use the version of fleet2ban that deployed the stack, or deploy it again.";
    throw new PortError("rejected", reasonOf(cause), next, cause);
  }
}
