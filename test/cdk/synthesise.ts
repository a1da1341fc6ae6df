/** Templates for tests: our own app's stacks, with a placeholder for the functions' code, so that nothing is bundled. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { readSettings, type SettingsInput } from "../../cdk/settings.ts";
import { createStacks } from "../../cdk/stacks.ts";

/** What cdk.json gives every synthesis. */
export const CONTEXT = (
  JSON.parse(readFileSync(new URL("../../cdk.json", import.meta.url), "utf8")) as { context: Record<string, unknown> }
).context;

export const PLACEHOLDER = () => lambda.Code.fromAsset(fileURLToPath(new URL("placeholder", import.meta.url)));

export interface Synthesised {
  readonly app: App;
  readonly state: Template;
  readonly program: Template;
}

export function synthesise(given: SettingsInput = {}): Synthesised {
  // CloudFormation's own rules take seconds for each synthesis; checks.test.ts asks them for every variant.
  const app = new App({ context: { ...CONTEXT, "@aws-cdk/core:validateAgainstDefaultRules": false } });
  const { state, program } = createStacks(app, readSettings(given, "test"), PLACEHOLDER);
  return { app, state: Template.fromStack(state), program: Template.fromStack(program) };
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: readonly string[];
}

/** Every resource of the templates, by logical id. */
export function resourcesOf(...templates: readonly Template[]): ReadonlyMap<string, Resource> {
  return new Map(
    templates.flatMap((template) => Object.entries(template.toJSON().Resources as Record<string, Resource>)),
  );
}

/** The resources of one type. */
export function ofType(type: string, ...templates: readonly Template[]): readonly Resource[] {
  return [...resourcesOf(...templates).values()].filter((resource) => resource.Type === type);
}
