/** Our own app's two stacks, split by lifetime: the state stays, the program can go and come again. */
import { type App, Stack, Tags } from "aws-cdk-lib";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import { compileRuleset } from "./compile-ruleset.ts";
import type { FunctionName } from "./fleet-function.ts";
import { Fleet2Ban } from "./fleet2ban.ts";
import type { Settings } from "./settings.ts";
import { Fleet2BanState } from "./state.ts";

export interface FleetStacks {
  readonly state: Stack;
  readonly program: Stack;
}

/** Makes both stacks. Throws a RefusedConfiguration. */
export function createStacks(app: App, settings: Settings, code?: (name: FunctionName) => lambda.Code): FleetStacks {
  const deployment = compileRuleset(settings);
  const state = new Stack(app, `${settings.name}-state`, {
    description: `fleet2ban ${settings.name}: tables, topics and queues; keep it`,
    terminationProtection: true,
  });
  const program = new Stack(app, settings.name, {
    description: `fleet2ban ${settings.name}: functions and what starts them`,
  });
  for (const stack of [state, program]) Tags.of(stack).add("fleet2ban:stack", settings.name);
  const made = new Fleet2BanState(state, "State", { settings, deployment });
  new Fleet2Ban(program, "Fleet2Ban", {
    ...settings,
    state: made,
    deployment,
    ...(code === undefined ? {} : { code }),
  });
  return { state, program };
}
