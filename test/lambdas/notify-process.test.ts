/** The notify function as it is wired, bundled and started: the SDK's own requests to SNS, slots and marks in real rows. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DynamoDBRecord } from "aws-lambda";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeBan } from "../../shared/adapters/aws/dynamodb/ban-row.ts";
import { banOf, mailAction } from "../app/notify-rig.ts";
import { type StandIn, startStandIn } from "../support/aws-stand-in.ts";
import { type Engine, openEngine } from "../support/dynalite.ts";
import { type LambdaFunction, startLambda } from "../support/lambda-runtime.ts";
import { FIREWALL, rulesetOf, wordJail } from "./rig.ts";

const OPS = "arn:aws:sns:eu-central-1:123456789012:ops";
const REST = "arn:aws:sns:eu-central-1:123456789012:rest";

describe("the notify function's process", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-notify-"));
  let engine: Engine;
  let services: StandIn;
  let notify: LambdaFunction;
  beforeAll(async () => {
    engine = await openEngine();
    services = await startStandIn({ Publish: () => "<MessageId>1</MessageId>" });
    await build({
      entryPoints: [join(import.meta.dirname, "../../lambdas/notify/index.ts")],
      outfile: join(folder, "index.mjs"),
      ...({ bundle: true, platform: "node", format: "esm", target: "node20", external: ["re2"] } as const),
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    });
    const mails = [
      mailAction({ dest: "ops@example.org", lines: true }),
      mailAction({ dest: "root", subjectName: "Für alle" }),
    ];
    const ruleset = rulesetOf({ jails: [wordJail("web", { actions: [FIREWALL, ...mails] })] });
    writeFileSync(join(folder, "ruleset.json"), JSON.stringify(ruleset));
    notify = await startLambda({
      ...{ name: "notify", folder, node: process.execPath, timeoutMs: 120_000 },
      environment: {
        ...{ STACK_NAME: "prod", WINDOWS_TABLE: engine.tables.windows, BANS_TABLE: engine.tables.bans },
        ...{ CONTROL_TABLE: engine.tables.control, DYNAMODB_ENDPOINT: engine.endpoint },
        ALARM_TOPIC_ARN: `${OPS}-alarms`,
        SET_ASIDE_QUEUE_URL: `${services.url}/123456789012/aside`,
        MAIL_TOPICS: JSON.stringify({ "ops@example.org": OPS, "*": REST }),
        AWS_ENDPOINT_URL: services.url,
      },
    });
  }, 60_000);
  afterAll(async () => {
    await notify?.stop();
    await services?.close();
    await engine?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("mails each ban to each topic once, also in a process that knows nothing of it", async () => {
    const now = Date.now();
    const ban = banOf(1, { since: now, expiresAt: now + 3_600_000, matches: ["failed web 198.18.0.1"] });
    const image = encodeBan(ban) as NonNullable<NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"]>;
    const event = { Records: [{ eventName: "INSERT", dynamodb: { SequenceNumber: "1", NewImage: image } }] };
    expect(await notify.resultOf(event)).toEqual({ batchItemFailures: [] });
    notify.recycle();
    expect(await notify.resultOf(event)).toEqual({ batchItemFailures: [] });

    const asked = services.asked.toSorted((a, b) => (String(a.input.TopicArn) < String(b.input.TopicArn) ? -1 : 1));
    expect(asked).toMatchObject([
      {
        operation: "Publish",
        input: { TopicArn: OPS, Subject: "[Fail2Ban] Web: banned 198.18.0.1 from prod", Message: expect.any(String) },
      },
      { operation: "Publish", input: { TopicArn: REST, Subject: "[Fail2Ban] Fur alle: banned 198.18.0.1 from prod" } },
    ]);
    expect(asked[0]!.input.Message).toContain("Log lines:\n  failed web 198.18.0.1\n");
    expect(asked[1]!.input.Message).not.toContain("Log lines");
    const told = notify.log.filter((line) => line.includes("people were told"));
    expect(told.map((line) => JSON.parse(line))).toMatchObject([{ stack: "prod", function: "notify", mails: 2 }]);
  });
});
