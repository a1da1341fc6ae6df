/** The alarms and the runbook, the settings and the page that tells of them: neither has what the other lacks. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readSettings } from "../../cdk/settings.ts";
import { createMetrics } from "../../lambdas/runtime/metrics.ts";
import type { MetricName } from "../../shared/ports/metrics.ts";
import { ofType, type Resource, type Synthesised, synthesise } from "./synthesise.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("the alarms", () => {
  let made: Synthesised;
  let alarms: readonly Resource[];
  beforeAll(() => {
    made = synthesise({ mode: "enforce" });
    alarms = ofType("AWS::CloudWatch::Alarm", made.program);
  });

  it("have each a section in the runbook, and each section an alarm", () => {
    const kinds = alarms.map(
      ({ Properties }) => /docs\/runbook\.md#([a-z-]+)$/.exec(Properties.AlarmDescription as string)?.[1],
    );
    const sections = [...read("docs/runbook.md").matchAll(/^## (.+)$/gm)].map((heading) => heading[1]);
    expect([...new Set(kinds)].sort()).toEqual([...sections].sort());
  });

  it("have names of their own that begin with the stack's, and tell the topic when they come and go", () => {
    const names = alarms.map(({ Properties }) => Properties.AlarmName as string);
    expect(new Set(names).size).toBe(names.length);
    for (const { Properties } of alarms) {
      expect(Properties.AlarmName).toMatch(/^fleet2ban-/);
      expect(JSON.stringify(Properties.AlarmActions)).toContain("Alarms");
      expect(Properties.OKActions).toEqual(Properties.AlarmActions);
    }
  });

  it("watch every function, queue, table and log group", () => {
    const of = (kind: string) =>
      alarms.flatMap(({ Properties }) => {
        const name = Properties.AlarmName as string;
        return name.startsWith(`fleet2ban-${kind}-`) ? [name.slice(`fleet2ban-${kind}-`.length)] : [];
      });
    expect(of("function-errors")).toEqual(["ingest", "enforce", "sweep", "reconcile", "notify"]);
    expect(of("given-up")).toEqual(["ingest", "enforce", "notify"]);
    expect(of("stream-late")).toEqual(["enforce", "notify"]);
    expect(of("table-throttled")).toEqual(
      ["windows", "bans", "control"].flatMap((table) => [`${table}-reads`, `${table}-writes`]),
    );
    expect(of("delivery-errors")).toEqual(["/var/log/haproxy"]);
    expect(of("log-silent")).toEqual(["/var/log/haproxy"]);
  });

  it("ask only for figures that the functions write, as they write them", () => {
    const sources = ["shared/app", "shared/adapters/aws", "lambdas"].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => read(join(folder, file))),
    );
    const written = new Set([...sources.join("\n").matchAll(/"([A-Z]\w+)"/g)].map(([, name]) => name!));
    const own = alarms.map(({ Properties }) => Properties).filter(({ Namespace }) => Namespace === "fleet2ban");
    expect(own.length).toBeGreaterThan(4);
    for (const { Namespace, MetricName, Dimensions } of own) {
      expect(written).toContain(MetricName);
      expect(asWritten(MetricName as MetricName)).toEqual({ Namespace, MetricName, Dimensions });
    }
    const dashboard = JSON.stringify(ofType("AWS::CloudWatch::Dashboard", made.program)[0]!.Properties.DashboardBody);
    const shown = [...dashboard.matchAll(/\\"fleet2ban\\",\\"(\w+)\\"/g)].map(([, name]) => name!);
    expect(shown.length).toBeGreaterThan(15);
    expect(shown.filter((name) => !written.has(name))).toEqual([]);
    expect(dashboard).toContain("haproxy-auth");
  });

  it("ask AWS for figures that there are, by the dimensions under which they are kept", () => {
    const asked = (template: Synthesised) =>
      ofType("AWS::CloudWatch::Alarm", template.program)
        .map(
          ({ Properties }) => Properties as { Namespace: string; MetricName: string; Dimensions: { Name: string }[] },
        )
        .filter(({ Namespace }) => Namespace !== "fleet2ban")
        .map(({ Namespace, MetricName, Dimensions }) => {
          const names = Dimensions.map(({ Name }) => Name).sort();
          return `${Namespace} ${MetricName} by ${names.join(", ")}`;
        });
    const known = [
      "AWS/DynamoDB ReadThrottleEvents by TableName",
      "AWS/DynamoDB WriteThrottleEvents by TableName",
      "AWS/Lambda AsyncEventAge by FunctionName",
      "AWS/Lambda AsyncEventsDropped by FunctionName",
      "AWS/Lambda Errors by FunctionName",
      "AWS/Lambda Invocations by FunctionName",
      "AWS/Lambda IteratorAge by FunctionName",
      "AWS/Lambda Throttles by FunctionName",
      "AWS/Logs DeliveryErrors by DestinationType, FilterName, LogGroupName",
      "AWS/Logs IncomingLogEvents by LogGroupName",
      "AWS/SQS ApproximateNumberOfMessagesVisible by QueueName",
    ];
    expect([...new Set(asked(made))].sort()).toEqual(known);
    // A stream has no queue of Lambda's before it: what that queue tells would be silent for ever.
    const ofStreams = known.filter((name) => !name.includes("Async"));
    expect([...new Set(asked(synthesise({ ingest: { by: "kinesis" } })))].sort()).toEqual(ofStreams);
  });

  it("look back no further than CloudWatch does, and bear a check that comes a little late", () => {
    const longest = synthesise({ mode: "enforce", alarms: { silentMinutes: 1440, outOfSyncMinutes: 1430 } });
    for (const { Properties } of ofType("AWS::CloudWatch::Alarm", longest.program)) {
      const { Period, EvaluationPeriods, DatapointsToAlarm } = Properties as Record<string, number>;
      expect(Period! * EvaluationPeriods!).toBeLessThanOrEqual(86_400);
      const isOfReconcile = /Hosts/.test(String(Properties.MetricName));
      expect(EvaluationPeriods! - DatapointsToAlarm!).toBe(isOfReconcile ? 1 : 0);
    }
  });

  it("are about silence where silence is the fault, and about no hosts where somebody enforces", () => {
    const missing = alarms
      .filter(({ Properties }) => Properties.TreatMissingData === "breaching")
      .map(({ Properties }) => Properties.AlarmName);
    expect(missing).toEqual([
      "fleet2ban-not-running-sweep",
      "fleet2ban-not-running-reconcile",
      "fleet2ban-log-silent-/var/log/haproxy",
    ]);
    const watching = ofType("AWS::CloudWatch::Alarm", synthesise({ alarms: { silentMinutes: 0 } }).program).map(
      ({ Properties }) => Properties.AlarmName,
    );
    expect(watching).not.toContain("fleet2ban-no-hosts");
    expect(watching).not.toContain("fleet2ban-log-silent-/var/log/haproxy");
    expect(alarms.map(({ Properties }) => Properties.AlarmName)).toContain("fleet2ban-no-hosts");
  });
});

/** The series that a function makes of a figure: CloudWatch looks at nothing else of it. */
function asWritten(name: MetricName) {
  const lines: string[] = [];
  const metrics = createMetrics("fleet2ban", (line) => void lines.push(line));
  metrics.count(name, 1);
  metrics.flush(0);
  const record = JSON.parse(lines[0]!) as Record<string, unknown> & {
    readonly _aws: { readonly CloudWatchMetrics: readonly [Space] };
  };
  const [{ Namespace, Dimensions, Metrics }] = record._aws.CloudWatchMetrics;
  return {
    Namespace,
    MetricName: Metrics[0].Name,
    Dimensions: Dimensions[0].map((Name) => ({ Name, Value: record[Name] })),
  };
}

interface Space {
  readonly Namespace: string;
  readonly Dimensions: readonly [readonly string[]];
  readonly Metrics: readonly [{ readonly Name: string }];
}

describe("docs/deploy.md", () => {
  const page = read("docs/deploy.md");

  it("has a row for every setting", () => {
    const table = page.slice(page.indexOf("## Settings"), page.indexOf("## Permissions"));
    const told = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap((row) =>
      [...row[1]!.matchAll(/`([\w.]+)`/g)].map((name) => name[1]!),
    );
    const settings = { ...readSettings({}, "test"), configuration: "" };
    const names = Object.entries({
      ...settings,
      ingest: { by: "", maxConcurrency: 0 },
      logGroups: { ...settings.logGroups, only: [] },
    }).flatMap(([name, value]) =>
      ["logGroups", "ingest", "hosts", "alarms"].includes(name)
        ? Object.keys(value).map((inner) => `${name}.${inner}`)
        : [name],
    );
    expect(told.sort()).toEqual(names.sort());
  });

  it("and the example have settings that can be", () => {
    const blocks = [...page.matchAll(/```json\n(\{\n? ?(?:"| {2}").*?)\n```/gs)].map(
      (block) => JSON.parse(block[1]!) as object,
    );
    const settings = blocks.filter((block) => !("logs" in block));
    expect(settings).toHaveLength(2);
    for (const given of [...settings, JSON.parse(read("examples/cloud/fleet2ban.json"))])
      readSettings(given, "docs/deploy.md");
  });
});
