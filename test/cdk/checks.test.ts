/** What holds for every resource, whichever way a deployment is set: cdk-nag's rules, and CloudFormation's own schema. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAwsServiceSpec } from "@aws-cdk/aws-service-spec";
import { App, Validations } from "aws-cdk-lib";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks } from "cdk-nag";
import { beforeAll, describe, expect, it } from "vitest";
import { readSettings, type SettingsInput } from "../../cdk/settings.ts";
import { createStacks } from "../../cdk/stacks.ts";
import { CONTEXT, PLACEHOLDER, type Resource } from "./synthesise.ts";

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab";
const VARIANTS: readonly (readonly [name: string, settings: SettingsInput])[] = [
  ["by default", {}],
  [
    "with hosts prepared and log groups made",
    { mode: "enforce", hosts: { agent: true, packages: true }, logGroups: { create: true } },
  ],
  [
    "through Kinesis, with AWS's keys",
    { ingest: { by: "kinesis" }, encryption: "aws-managed", architecture: "x86_64" },
  ],
  [
    "through Kinesis, with a key that is given",
    { ingest: { by: "kinesis", maxConcurrency: 9 }, encryption: KEY, alarms: { mails: ["ops@example.org"] } },
  ],
];

describe.each(VARIANTS)("a deployment %s", (_, given) => {
  let resources: ReadonlyMap<string, Resource>;
  let findings: readonly string[];

  beforeAll(() => {
    const app = new App({ context: CONTEXT });
    const stacks = createStacks(app, readSettings(given, "test"), PLACEHOLDER);
    findings = findingsOf(app);
    const templates = Object.values(stacks).map(({ templateFile }) => readJson(join(app.outdir, templateFile)));
    resources = new Map(templates.flatMap(({ Resources }) => Object.entries(Resources as Record<string, Resource>)));
  });

  it("leaves no finding of cdk-nag unacknowledged", () => {
    expect(findings).toEqual([]);
  });

  it("has only resources and properties that CloudFormation knows, and every one that it requires", async () => {
    const spec = await loadAwsServiceSpec();
    const wrong: string[] = [];
    for (const [id, { Type, Properties }] of resources) {
      if (Type.startsWith("Custom::")) wrong.push(`${id} is a custom resource`);
      const [known] = spec.lookup("resource", "cloudFormationType", "equals", Type);
      if (known === undefined) {
        wrong.push(`${id}: there is no ${Type}`);
        continue;
      }
      for (const name of Object.keys(Properties ?? {})) {
        if (!(name in known.properties)) wrong.push(`${id}: ${Type} has no ${name}`);
      }
      for (const [name, { required }] of Object.entries(known.properties)) {
        if (required && !(name in Properties)) wrong.push(`${id}: ${Type} lacks ${name}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(resources.size).toBeGreaterThan(60);
  });
});

it("cdk-nag does find what is wrong", () => {
  const app = new App({ context: CONTEXT });
  const { state } = createStacks(app, readSettings({}, "test"), PLACEHOLDER);
  new Queue(state, "Careless");
  expect(findingsOf(app).map((finding) => finding.split(" ")[0])).toEqual(["AwsSolutions-SQS3", "AwsSolutions-SQS4"]);
});

/** What cdk-nag says of the app, from the report that every synthesis with a plug-in writes. */
function findingsOf(app: App): readonly string[] {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  try {
    app.synth();
  } catch (error) {
    // Findings stop a synthesis; they are in the report.
    if (!(error instanceof Error) || error.name !== "ValidationFailed") throw error;
  }
  const report = readJson(join(app.outdir, "validation-report.json")) as unknown as Report;
  return report.pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    ),
  );
}

interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath?: string }[];
    }[];
  }[];
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
}
