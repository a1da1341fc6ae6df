/** `doctor` as a command line: a stack in order, one with everything wrong, and an account before the first deployment. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../../../shared/core/report/findings.ts";
import { Fault } from "../../support/aws-stand-in.ts";
import { ARN, instance, openStackRig, type StackRig } from "./stack-rig.ts";

let rig: StackRig;
beforeAll(async () => {
  rig = await openStackRig();
});
afterAll(() => rig.close());

const GROUPS = ["/var/log/web", "/srv/web"];
const subscription = (name = "prod", more = {}) => ({
  filterName: name,
  filterPattern: '?"bad from"',
  destinationArn: "arn:aws:lambda:eu-central-1:111122223333:function:other",
  ...more,
});
const member = (endpoint: string, arn = "arn:aws:sns:x:1:t:1") =>
  `<member><Protocol>email</Protocol><Endpoint>${endpoint}</Endpoint><SubscriptionArn>${arn}</SubscriptionArn></member>`;

beforeEach(async () => {
  await rig.reset();
  Object.assign(rig.answers, {
    DescribeLogGroups: ({ logGroupNamePrefix }: { logGroupNamePrefix: string }) => ({
      logGroups: GROUPS.filter((name) => name.startsWith(logGroupNamePrefix)).map((logGroupName) => {
        return { logGroupName, logGroupClass: "STANDARD", retentionInDays: 7 };
      }),
    }),
    GetTransformer: () => ({}),
    DescribeSubscriptionFilters: () => ({ subscriptionFilters: [subscription()] }),
    FilterLogEvents: () => ({
      events: ["bad from 192.0.2.1", "good"].map((message, index) => {
        return { eventId: `${index}`, timestamp: Date.now() - 1000, message, logStreamName: "i-0a" };
      }),
    }),
    TestMetricFilter: ({ logEventMessages }: { logEventMessages: string[] }) => ({
      matches: logEventMessages.filter((text) => text.includes("bad from")).map((eventMessage) => ({ eventMessage })),
    }),
    ListSubscriptionsByTopic: () => `<Subscriptions>${member("ops@example.org")}</Subscriptions>`,
  });
});

const findings = async (...argv: readonly string[]) => {
  const { code, out } = await rig.run("doctor", ...argv, "--json");
  const { findings: found } = JSON.parse(out) as { findings: Finding[] };
  return { code, found: found.map(({ level, subject, text }) => `${level} ${subject}: ${text}`) };
};

describe("doctor on a stack", () => {
  it("finds a stack in order but for hosts that have not answered yet", async () => {
    const { code, found } = await findings("--stack", "prod");
    expect(found.filter((text) => !text.startsWith("ok "))).toEqual([
      "warning host i-0a: never answered a command yet",
      "warning host i-0b: never answered a command yet",
    ]);
    expect(found[0]).toBe(`ok stack prod: version 1.0.0 in eu-central-1 of account 111122223333, asked as ${ARN}`);
    expect(found).toContain("ok tables: windows, bans and control can be read");
    expect(found).toContain("ok jails: 2 of 2 at work");
    expect(found).toContain("ok log group /srv/web: the filter pattern lets the failure through");
    expect(found).toContain("ok alarms: 1 subscribed and confirmed");
    expect(code).toBe(0);
  });

  it("prints them for people, with what to do and a verdict", async () => {
    rig.answers.DescribeInstanceInformation = () => ({ InstanceInformationList: [] });
    const { code, out } = await rig.run("doctor", "--stack", "prod");
    expect(out).toContain("ok      log group /srv/web: class Standard, kept 7 days\n");
    expect(out).toMatch(/\nfailure hosts: none has the tag Role=haproxy and an SSM agent\n {8}-> Tag the instances/);
    expect(out).toMatch(/\n\n\d+ looked at: \d+ ok, 0 warnings, 1 failure\n$/);
    expect(code).toBe(255);
  });

  it("goes on where one look is denied, and names what the caller lacks", async () => {
    rig.answers.DescribeLogGroups = () => {
      throw new Fault(
        "AccessDeniedException",
        `User: ${ARN} is not authorized to perform: logs:DescribeLogGroups on resource: arn:x`,
      );
    };
    rig.answers.ListSubscriptionsByTopic = () => {
      throw new Fault("NotFound", "Topic does not exist", 404);
    };
    const { code, found } = await findings("--stack", "prod");
    const failures = found.filter((text) => text.startsWith("failure"));
    expect(failures).toHaveLength(3);
    expect(failures[0]).toContain("failure log group /var/log/web: IAM does not let you do logs:DescribeLogGroups");
    expect(failures[2]).toContain("failure alarms: sns:ListSubscriptionsByTopic on the topic arn:aws:sns");
    expect(found).toContain("ok hosts: 2 with the tag Role=haproxy and an SSM agent");
    expect(code).toBe(255);
  });

  it("says that nothing has run yet", async () => {
    await rig.engine.empty();
    const { found } = await findings("--stack", "prod");
    expect(found).toContain("warning ruleset: has not been adopted: none of the stack's functions has run");
  });

  it("finds a jail that its breaker stopped", async () => {
    await rig.state.breakers.save("web", { kind: "tripped", at: Date.now(), bans: 301 }, 0);
    const { code, found } = await findings("--stack", "prod");
    expect(found).toContain("failure jail web: was stopped by its breaker: further bans are held back");
    expect(code).toBe(255);
  });

  it("is a failure itself where there is no stack", async () => {
    const { code, err } = await rig.run("doctor", "--stack", "prd");
    expect({ code, err }).toEqual({
      code: 255,
      err: expect.stringContaining('error: there is no stack "prd" in eu-central-1 of account 111122223333\n    Check'),
    });
  });
});

describe("doctor before the first deployment", () => {
  const directory = mkdtempSync(join(tmpdir(), "fleet2ban-doctor-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, "jail.d"));
  writeFileSync(
    join(directory, "jail.d", "web.conf"),
    "[web]\nenabled = true\nfilter =\nfailregex = ^.* bad from <ADDR>$\nlogpath = /var/log/web.log\nusedns = no\n" +
      "[odd]\nenabled = true\nfilter =\nfailregex = bad from <ADDR>$\nlogpath = /var/log/*.log\nusedns = no\n",
  );
  const FREE = () => ({ subscriptionFilters: [subscription("siem")] });

  it("looks at the log groups of the configuration, tries the pattern that it would get, and names jails without a group", async () => {
    rig.answers.DescribeSubscriptionFilters = FREE;
    rig.answers.FilterLogEvents = () => ({
      events: [{ eventId: "1", timestamp: Date.now(), message: "it is bad from 192.0.2.1", logStreamName: "i-0a" }],
    });
    rig.answers.DescribeInstanceInformation = () => ({ InstanceInformationList: [instance("i-0a")] });
    const { code, found } = await findings("--config", directory, "--tag", "Role=haproxy");
    expect(found).toEqual([
      `ok account: 111122223333 in eu-central-1, asked as ${ARN}`,
      "failure jail odd: logpath /var/log/*.log does not say which log group its lines are in",
      "ok log group /var/log/web: class Standard, kept 7 days",
      "ok log group /var/log/web: 1 of 2 subscription filters are free",
      "ok log group /var/log/web: 1 line of the last hour looked at, the jails find 1 failure",
      "ok log group /var/log/web: the filter pattern lets the failure through",
      "ok hosts: 1 with the tag Role=haproxy and an SSM agent",
    ]);
    expect(code).toBe(255);
    const tried = rig.standIn.asked.find(({ operation }) => operation === "TestMetricFilter")?.input;
    expect(tried?.filterPattern).toMatch(/^\?"/);
  });

  it("looks at the log groups that are named, and asks for the tag", async () => {
    rig.answers.DescribeSubscriptionFilters = () => ({ subscriptionFilters: [subscription("a"), subscription("b")] });
    const { code, found } = await findings("--config", directory, "--log-group", "/srv/web", "--log-group", "/no/such");
    expect(found).toEqual([
      expect.stringMatching(/^ok account/),
      "ok log group /srv/web: class Standard, kept 7 days",
      "failure log group /srv/web: both of its subscription filters are taken: a, b",
      "warning log group /srv/web: 2 lines looked at, but no jail reads them",
      "failure log group /no/such: does not exist",
      "warning hosts: not looked at",
    ]);
    expect(code).toBe(255);
  });
});
