/** What `status --hosts` does: which hosts of a stack hold what they should, and why each other one does not. */
import { createSsmInventory } from "../../shared/adapters/aws/ssm/inventory.ts";
import { showHosts } from "../../shared/app/show-hosts.ts";
import { formatHosts } from "../../shared/core/report/hosts-report.ts";
import type { CommandContext } from "../command-context.ts";
import type { CommonOptions } from "../commands/common-options.ts";
import { failing } from "./explain.ts";
import { type StackChoice, withStack } from "./open-stack.ts";

/** Exits with 0 however the hosts stand: a program looks at the report, `doctor` judges. */
export async function showFleet(options: StackChoice & CommonOptions, { terminal }: CommandContext): Promise<void> {
  const report = await failing(() =>
    withStack(options, terminal.env, ({ account, description, state }) => {
      const { targetTagKey: key, targetTagValue: value } = description;
      const inventory = createSsmInventory(account.ssm, { key, value });
      return showHosts(Date.now(), { inventory, hosts: state.hosts, script: undefined });
    }),
  );
  if (options.json) terminal.json(report);
  else terminal.line(formatHosts(report, terminal.zone));
}
