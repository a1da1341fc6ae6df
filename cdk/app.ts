/** `cdk synth` and `cdk deploy` start here: settings, configuration, stacks, and cdk-nag's checks on the way out. */
import { readFileSync } from "node:fs";
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { CliFailure } from "../cli/failure.ts";
import { RefusedConfiguration } from "./compile-ruleset.ts";
import { readSettings, type Settings } from "./settings.ts";
import { SettingsError } from "./settings-error.ts";
import { createStacks } from "./stacks.ts";

const SETTINGS_FILE = "fleet2ban.json";

const app = new App();
try {
  createStacks(app, settingsOf(app));
} catch (error) {
  // A mistake of whoever deploys is told in words; anything else is a defect, and keeps its trace.
  if (!(error instanceof SettingsError || error instanceof RefusedConfiguration || error instanceof CliFailure))
    throw error;
  console.error(error.message);
  process.exit(1);
}
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

/** The context "fleet2ban", else the file of that name beside cdk.json, else the defaults. */
function settingsOf(app: App): Settings {
  const context: unknown = app.node.tryGetContext("fleet2ban");
  if (context !== undefined) return readSettings(context, 'cdk.json, context "fleet2ban"');
  return readSettings(readFile(), SETTINGS_FILE);
}

function readFile(): unknown {
  let text: string;
  try {
    text = readFileSync(SETTINGS_FILE, "utf8");
  } catch (error) {
    // No file: every setting has a default.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SettingsError([`${SETTINGS_FILE}: this is no JSON: ${(error as Error).message}`]);
  }
}
