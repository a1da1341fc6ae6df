/** What `deeds` does: the latest changes that people made to a stack, and who they were. */
import { formatDeeds } from "../../shared/core/report/deed-list.ts";
import type { CommandContext } from "../command-context.ts";
import type { CommonOptions } from "../commands/common-options.ts";
import { failing } from "./explain.ts";
import { type StackChoice, withStack } from "./open-stack.ts";

export async function showDeeds(
  limit: number,
  options: StackChoice & CommonOptions,
  { terminal }: CommandContext,
): Promise<void> {
  const deeds = await failing(() => withStack(options, terminal.env, ({ state }) => state.audit.recent(limit)));
  if (options.json) terminal.json(deeds);
  else terminal.line(formatDeeds(deeds, terminal.zone));
}
