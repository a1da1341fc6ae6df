/**
 * The construct: a fleet's protection, to be put into any app.
 *
 * `new Fleet2Ban(stack, "Fleet2Ban", { configuration: "./fail2ban", mode: "enforce" })` is a whole deployment. The state may
 * be made first, in a stack of its own, so that this one can go and come again.
 */
import type * as lambda from "aws-cdk-lib/aws-lambda";
import { Annotations } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { createAlarms } from "./alarms.ts";
import { lambdaCode } from "./bundle/lambda-code.ts";
import { type CompiledDeployment, compileRuleset } from "./compile-ruleset.ts";
import { createDashboard } from "./dashboard.ts";
import { describeStack } from "./description.ts";
import { architectureOf, type FunctionName } from "./fleet-function.ts";
import { createFunctions, type FleetFunctions } from "./functions.ts";
import { createHostCommand } from "./host-command.ts";
import { prepareHosts } from "./host-preparation.ts";
import { readSettings, type SettingsInput } from "./settings.ts";
import { Fleet2BanState } from "./state.ts";
import { subscribe } from "./subscriptions.ts";
import { readBans, scheduleFunctions } from "./triggers.ts";

export interface Fleet2BanProps extends SettingsInput {
  /** The state, if it lives in a stack of its own; it has to be made from the same settings. */
  readonly state?: Fleet2BanState;
  /** The configuration, if it was compiled already. */
  readonly deployment?: CompiledDeployment;
  /** The functions' code; default: bundled here, with the compiled configuration in it. */
  readonly code?: (name: FunctionName) => lambda.Code;
}

export class Fleet2Ban extends Construct {
  readonly state: Fleet2BanState;
  readonly functions: FleetFunctions;

  /** Throws a SettingsError or a RefusedConfiguration, before anything is made. */
  constructor(scope: Construct, id: string, { state, deployment, code, ...given }: Fleet2BanProps = {}) {
    super(scope, id);
    const settings = readSettings(given, "Fleet2Ban");
    const compiled = deployment ?? compileRuleset(settings);
    tell(this, compiled);
    this.state = state ?? new Fleet2BanState(this, "State", { settings, deployment: compiled });
    const hosts = createHostCommand(this, settings);
    const options = { architecture: architectureOf(settings), ruleset: compiled.ruleset };
    this.functions = createFunctions(this, {
      ...{ settings, hosts },
      state: this.state,
      code: code ?? ((name) => lambdaCode(name, options)),
    });
    const parts = { settings, deployment: compiled, state: this.state, functions: this.functions, hosts };
    subscribe(this, { ...parts, ingest: this.functions.ingest });
    readBans(this.functions, this.state);
    scheduleFunctions(this, this.functions, hosts.documentName);
    prepareHosts(this, settings, compiled);
    createAlarms(this, parts);
    createDashboard(this, settings, compiled);
    describeStack(this, parts);
  }
}

/** What the person who deploys should know, shown by the CDK command line. */
function tell(scope: Construct, { warnings, patterns }: CompiledDeployment): void {
  for (const [index, warning] of warnings.entries()) {
    Annotations.of(scope).addWarningV2(`fleet2ban:configuration-${index}`, warning);
  }
  for (const [group, { pattern, unbounded }] of Object.entries(patterns)) {
    if (pattern !== "") continue;
    const reason =
      unbounded.length > 0 ? `${unbounded.join(", ")} may match any line` : "its pattern would be too long";
    Annotations.of(scope).addInfo(`every line of ${group} goes to the function: ${reason}`);
  }
}
