/** The command line on a deployed stack: real clients, real tables, services on loopback. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseIp, parseNetwork } from "../../../shared/core/address.ts";
import type { Ban } from "../../../shared/core/ban.ts";
import { Fault } from "../../support/aws-stand-in.ts";
import { ARN, openStackRig, rulesetOf, type StackRig } from "./stack-rig.ts";

let rig: StackRig;
beforeAll(async () => {
  rig = await openStackRig();
});
afterAll(() => rig.close());
beforeEach(() => rig.reset());

const STACK = ["--stack", "prod"];
const ask = async (...argv: readonly string[]) => {
  const { code, out, err } = await rig.run(...argv, ...STACK);
  return { code, out: out.trimEnd(), err: err.trimEnd() };
};
const hour = 3_600_000;
const banOf = (id: string, more: Partial<Ban> = {}): Ban => ({
  id: parseIp(id)!,
  jail: "web",
  since: Date.now() - 1000,
  expiresAt: Date.now() + hour,
  generation: Date.now() - 1000,
  count: 1,
  failures: 3,
  matches: [],
  source: undefined,
  actor: "fleet2ban",
  ruleset: "ruleset-1",
  ...more,
});

describe("a person asks a stack", () => {
  it("for its jails, their figures and log groups", async () => {
    await rig.state.bans.put(banOf("192.0.2.1"));
    await rig.state.bans.put(banOf("192.0.2.2", { expiresAt: Date.now() - 1 }));
    expect(await ask("status")).toEqual({
      code: 0,
      out: "Status\n|- Number of jail:\t2\n`- Jail list:\tdeep, web",
      err: "",
    });
    expect((await ask("status", "web")).out).toBe(
      "Status for the jail: web\n|- Filter\n|  |- Currently failed:\t0\n|  |- Total failed:\t0\n" +
        "|  `- File list:\t/var/log/web /srv/web\n`- Actions\n   |- Currently banned:\t1\n   |- Total banned:\t0\n" +
        "   `- Banned IP list:\t192.0.2.1",
    );
    expect(await ask("banned")).toMatchObject({ code: 0, out: "[{'web': ['192.0.2.1']}, {'deep': []}]" });
    expect((await ask("banned", "192.0.2.1", "192.0.2.2")).out).toBe("[['web'], []]");
    expect((await ask("get", "web", "banip")).out).toBe("192.0.2.1");
    expect((await ask("get", "deep", "maxretry")).out).toBe("2");
    expect(await ask("status", "nope")).toMatchObject({ code: 255, out: "Sorry but the jail 'nope' does not exist" });
  });

  it("why an address is banned, and one that is not", async () => {
    await rig.state.bans.put(banOf("192.0.2.1", { matches: ["bad from 192.0.2.1"], source: "lb-1" }));
    await rig.state.bans.put({ ...banOf("192.0.2.1"), id: parseNetwork("2001:db8::/32")!, failures: 0, actor: ARN });
    const { code, out } = await ask("why", "192.0.2.1", "2001:db8::1", "192.0.2.9");
    expect(code).toBe(0);
    expect(out).toMatch(/^192\.0\.2\.1\n {2}banned in web since .*, after 3 failures; logged by lb-1\n {4}bad from/);
    expect(out).toMatch(new RegExp(`\n\n2001:db8::1\n {2}banned in web with 2001:db8::/32 .*, by hand, by ${ARN}\n`));
    expect(out).toMatch(/\n\n192\.0\.2\.9\n {2}nothing is known of it/);
    expect(JSON.parse((await ask("why", "10.0.0.1", "--json")).out)).toMatchObject({
      kind: "accounts",
      ids: [{ id: "10.0.0.1", bans: [], spared: [{ kind: "ignored", jail: "web", by: "10.0.0.0/8" }, {}] }],
    });
  });

  it("for a jail that reads our own ban log, which is no log group", async () => {
    const ruleset = rulesetOf();
    const jails = ruleset.jails.map((jail) => ({
      ...jail,
      ...(jail.name === "deep" && { logs: [{ path: "/var/log/fail2ban.log", from: "head" }] }),
    }));
    const text = JSON.stringify({ ...ruleset, jails, logGroups: { "/srv/web": ["web"] } });
    await rig.state.editions.replace({ hash: "h", revision: 8, since: 1, ruleset: text }, 7);
    expect((await ask("status", "deep")).out).toContain("File list:\t/var/log/fail2ban.log\n");
    expect((await ask("status", "web")).out).toContain("File list:\t/srv/web\n");
  });

  it("by $FLEET2BAN_STACK, which --socket overrules", async () => {
    process.env.FLEET2BAN_STACK = "prod";
    try {
      expect((await rig.run("status")).out).toContain("Jail list:\tdeep, web");
      expect((await rig.run("status", "--socket", "/nonexistent/s")).out).toContain("Is fleet2ban running?");
    } finally {
      delete process.env.FLEET2BAN_STACK;
    }
  });

  it("how its hosts are", async () => {
    const { code, out } = await ask("status", "--hosts");
    expect(code).toBe(0);
    expect(out).toMatch(/^0 of 2 hosts in sync\ni-0a {2}never answered a command yet\n {2}-> /);
    expect(JSON.parse((await ask("status", "--hosts", "--json")).out)).toMatchObject({ inSync: 0 });
    expect(rig.standIn.asked.find(({ operation }) => operation === "DescribeInstanceInformation")?.input).toMatchObject(
      {
        Filters: [{ Key: "tag:Role", Values: ["haproxy"] }],
      },
    );
  });
});

describe("a person changes a stack", () => {
  it("bans by hand: the row has the caller's ARN, and the deed is noted", async () => {
    expect(await ask("set", "web", "banip", "192.0.2.7", "2001:db8::/64")).toEqual({ code: 0, out: "2", err: "" });
    const [ban] = await rig.state.bans.ofId(parseIp("192.0.2.7")!);
    expect(ban).toMatchObject({ jail: "web", actor: ARN, failures: 0, ruleset: "ruleset-1" });
    expect(ban!.expiresAt! - ban!.since).toBe(hour);
    expect(await rig.state.audit.recent(9)).toMatchObject([
      { actor: ARN, command: "set web banip 192.0.2.7 2001:db8::/64", outcome: "2 changed" },
    ]);
    expect((await ask("deeds")).out).toMatch(
      new RegExp(
        `^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d {2}${ARN} {2}set web banip 192\\.0\\.2\\.7 .* \\(2 changed\\)$`,
      ),
    );
  });

  it.each([
    { name: "loopback", id: "127.0.0.1" },
    { name: "a network that the ruleset protects", id: "172.31.7.7" },
    { name: "an address of the fleet's own", id: "203.0.113.11" },
  ])("never bans $name", async ({ id }) => {
    expect(await ask("set", "web", "banip", id)).toMatchObject({ code: 255, out: `no jail may ban these: ['${id}']` });
    expect(await rig.state.bans.ofId(parseIp(id)!)).toEqual([]);
  });

  it("bans nobody where the fleet's own addresses cannot be read", async () => {
    rig.answers.DescribeInstanceInformation = () => {
      throw new Fault(
        "AccessDeniedException",
        `User: ${ARN} is not authorized to perform: ssm:DescribeInstanceInformation`,
      );
    };
    const { code, out } = await ask("set", "web", "banip", "192.0.2.7");
    expect(code).toBe(255);
    expect(out).toContain(`\n    Allow ssm:DescribeInstanceInformation to ${ARN}, or use another --profile.`);
    expect(await rig.state.bans.ofId(parseIp("192.0.2.7")!)).toEqual([]);
  });

  it("unbans, here and everywhere", async () => {
    for (const id of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) await rig.state.bans.put(banOf(id));
    await rig.state.bans.put(banOf("192.0.2.3", { jail: "deep", expiresAt: undefined }));
    expect(await ask("set", "web", "unbanip", "192.0.2.1")).toMatchObject({ code: 0, out: "1" });
    expect((await ask("set", "web", "unbanip", "--report-absent", "192.0.2.1")).out).toBe("not banned: ['192.0.2.1']");
    expect((await ask("unban", "192.0.2.3")).out).toBe("2");
    expect((await ask("unban", "--all")).out).toBe("1");
    expect((await ask("banned")).out).toBe("[{'web': []}, {'deep': []}]");
    const commands = (await rig.state.audit.recent(9)).map(({ command, outcome }) => [command, outcome]);
    expect(commands).toEqual([
      ["unban --all", "1 changed"],
      ["unban 192.0.2.3", "2 changed"],
      ["set web unbanip 192.0.2.1", "a part refused"],
      ["set web unbanip 192.0.2.1", "1 changed"],
    ]);
  });

  it("unban --immune clears the window and closes it for so long", async () => {
    await rig.state.bans.put(banOf("192.0.2.1"));
    const before = Date.now();
    expect(await ask("unban", "--immune", "2h", "192.0.2.1")).toMatchObject({ code: 0, out: "1" });
    const [stored] = await rig.state.windows.load([{ jail: "web", id: parseIp("192.0.2.1")! }]);
    const { closed, failures } = stored!.window as unknown as { closed: { until: number }; failures: unknown[] };
    expect(failures).toEqual([]);
    expect(closed.until).toBeGreaterThanOrEqual(before + 2 * hour);
    expect(closed.until).toBeLessThanOrEqual(Date.now() + 2 * hour);
    expect((await rig.state.audit.recent(1))[0]).toMatchObject({ command: "unban --immune 2h 192.0.2.1" });
  });

  it("changes the ignore list and lets a jail rest", async () => {
    expect((await ask("set", "web", "addignoreip", "198.51.100.7")).out).toBe(
      "These IP addresses/networks are ignored:\n|- 10.0.0.0/8\n`- 198.51.100.7",
    );
    expect(await rig.state.control.entries()).toMatchObject([
      { kind: "ignore", jail: "web", word: "198.51.100.7", actor: ARN },
    ]);
    expect((await ask("set", "web", "delignoreip", "198.51.100.7")).out).toContain("`- 10.0.0.0/8");
    expect((await ask("set", "web", "idle", "on")).out).toBe("True");
    expect(await rig.state.control.entries()).toMatchObject([{ kind: "idle", jail: "web", actor: ARN }]);
    expect((await ask("set", "web", "idle", "off")).out).toBe("False");
    expect(await rig.state.control.entries()).toEqual([]);
    expect((await ask("set", "web", "addignoreip", "no/where")).code).toBe(255);
    expect(await rig.state.audit.recent(9)).toHaveLength(4);
  });

  it("settles what a tripped breaker held", async () => {
    await rig.state.holds.hold(banOf("192.0.2.9"));
    expect((await ask("get", "web", "held")).out).toBe("192.0.2.9");
    expect((await ask("get", "web", "held", "--with-time")).out).toMatch(/^192\.0\.2\.9 \t.* \+ 3601 = /);
    expect((await ask("get", "web", "banip")).out).toBe("");
    expect((await ask("set", "web", "held", "ban")).out).toBe("1");
    expect((await ask("get", "web", "held")).out).toBe("");
    expect((await ask("banned", "192.0.2.9")).out).toBe("[['web']]");
  });
});

describe("regex on log groups", () => {
  const at = (minutes: number) => Date.now() - minutes * 60_000;
  const texts: Record<string, string[]> = {
    "/var/log/web": ["bad from 192.0.2.1", "worse from 192.0.2.2", "fine from 192.0.2.3\n"],
    "/srv/web": ["bad from 192.0.2.9"],
  };
  const serve = () => {
    rig.answers.FilterLogEvents = ({ logGroupName }) => {
      const messages = texts[String(logGroupName)];
      if (messages === undefined)
        throw new Fault("ResourceNotFoundException", "The specified log group does not exist.");
      return {
        events: messages.map((message, index) => {
          return { eventId: `${logGroupName} ${index}`, timestamp: at(3 - index), message, logStreamName: "i-0a" };
        }),
      };
    };
  };
  const spanAsked = () => {
    const { startTime, endTime } = rig.standIn.asked.find(({ operation }) => operation === "FilterLogEvents")!.input;
    return Math.round((Number(endTime) - Number(startTime)) / 60_000);
  };

  it("tries a jail as the stack runs it on all of its groups", async () => {
    serve();
    const { code, out } = await ask("regex", "web");
    expect(code).toBe(0);
    expect(out).toContain("Use             jail : web, as deployed");
    expect(out).toMatch(/Use {8}log group : \/var\/log\/web, \/srv\/web from \S+Z to \S+Z/);
    expect(out).toContain("Lines: 4 lines, 0 ignored, 2 matched, 2 missed");
    expect(spanAsked()).toBe(60);
  });

  it("tries a regex on a group without a stack, over the span that is asked for", async () => {
    serve();
    const argv = ["regex", "--log-group", "/srv/web", "--since", "3h", "--until", "1h", "-o", "ip"];
    expect(await rig.run(...argv, "from <ADDR>$")).toEqual({ code: 0, out: "192.0.2.9\n", err: "" });
    expect(spanAsked()).toBe(120);
    expect(rig.standIn.asked.map(({ operation }) => operation)).toEqual(["FilterLogEvents"]);
  });

  it.each([
    { argv: ["regex", "from <ADDR>$", ...STACK], err: "which log group? Name it with --log-group", code: 2 },
    { argv: ["regex", "--since", "1h", "from <ADDR>$"], err: "Name a --stack or a --log-group", code: 2 },
    { argv: ["regex", "--since", "soon", "web", ...STACK], err: "write a time ago such as 30m", code: 2 },
    { argv: ["regex", "--since", "1h", "--until", "2h", "web", ...STACK], err: "--since lies after --until", code: 2 },
    { argv: ["regex", "log", "web", "ignored", ...STACK], err: "Leave <log> out", code: 2 },
    { argv: ["regex", "only-one"], err: "missing required argument 'regex'", code: 2 },
    {
      argv: ["regex", "--log-group", "/no/such", "x<ADDR>"],
      err: "logs:FilterLogEvents on the log group /no/such failed",
      code: 255,
    },
  ])("$argv: $code", async ({ argv, err, code }) => {
    serve();
    const said = await rig.run(...argv);
    expect(said.err).toContain(err);
    expect(said.code).toBe(code);
  });

  it("reports on what it got where reading ends midway, says where to go on, and fails", async () => {
    const begin = at(3);
    rig.answers.FilterLogEvents = ({ nextToken }) => {
      if (nextToken !== undefined) throw new Fault("AccessDeniedException", "no more");
      const event = { eventId: "1", timestamp: begin, message: "bad from 192.0.2.1", logStreamName: "i-0a" };
      return { events: [event], nextToken: "more" };
    };
    const { code, out, err } = await ask("regex", "web");
    expect(code).toBe(255);
    expect(out).toContain("Lines: 1 lines, 0 ignored, 1 matched, 0 missed");
    expect(err).toContain(`Go on: --log-group /var/log/web --since ${new Date(begin).toISOString()}`);
  });
});

describe("what stands in the way is said with the next step, and ends with 255", () => {
  const fault = (operation: string, name: string, message = "") => {
    rig.answers[operation] = () => {
      throw new Fault(name, message, name.startsWith("Access") ? 403 : 400);
    };
  };

  it.each([
    {
      name: "no such stack",
      argv: ["status", "--stack", "prd"],
      prepare: () => undefined,
      code: "missing",
      reason: 'there is no stack "prd" in eu-central-1 of account 111122223333',
      next: "Stacks here: prod, test.",
    },
    {
      name: "a name that no stack has",
      argv: ["status", "--stack", "a b"],
      prepare: () => undefined,
      code: "failed",
      reason: 'no stack can have the name "a b"',
      next: "Write letters",
    },
    {
      name: "credentials that are over",
      argv: ["status", ...STACK],
      prepare: () =>
        fault("GetCallerIdentity", "ExpiredToken", "The security token included in the request is expired"),
      code: "expired",
      reason: "your AWS credentials are over",
      next: "Sign in again",
    },
    {
      name: "credentials that AWS does not know",
      argv: ["status", ...STACK],
      prepare: () => fault("GetCallerIdentity", "InvalidClientTokenId", "The security token is invalid."),
      code: "no-credentials",
      reason: "AWS does not accept these credentials: The security token is invalid.",
      next: "Check the profile",
    },
    {
      name: "an action that IAM denies",
      argv: ["status", ...STACK],
      prepare: () =>
        fault(
          "GetParameter",
          "AccessDeniedException",
          `User: ${ARN} is not authorized to perform: ssm:GetParameter on resource: arn:x`,
        ),
      code: "denied",
      reason: "IAM does not let you do ssm:GetParameter",
      next: `Allow ssm:GetParameter to ${ARN}`,
    },
    {
      name: "a ruleset that nobody adopted yet",
      argv: ["banned", ...STACK],
      prepare: () => rig.engine.empty(),
      code: "missing",
      reason: "the stack prod has not adopted its ruleset yet",
      next: "Wait until",
    },
    {
      name: "a description of another version",
      argv: ["banned", ...STACK],
      prepare: () => {
        rig.answers.GetParameter = () => ({ Parameter: { Value: '{"format":2}' } });
      },
      code: "failed",
      reason: "not one that this version of fleet2ban reads",
      next: "Use the version",
    },
    {
      name: "a ruleset of another version",
      argv: ["banned", ...STACK],
      prepare: async () => {
        const current = await rig.state.editions.current();
        await rig.state.editions.replace({ ...current!, revision: 8, ruleset: '{"format":2}' }, 7);
      },
      code: "failed",
      reason: "has format 2, and this program knows 1",
      next: "Use the version",
    },
  ])("$name", async ({ argv, prepare, code, reason, next }) => {
    await prepare();
    const text = await rig.run(...argv);
    expect(text.code).toBe(255);
    expect(text.out).toContain(reason);
    expect(text.out.slice(text.out.indexOf("\n    "))).toContain(next);
    const { refusal } = JSON.parse((await rig.run(...argv, "--json")).out);
    expect(refusal).toMatchObject({ kind: "stack", code });
    expect(refusal.next).toContain(next);
  });

  it("a deed that cannot be noted: the change stands, and that is said", async () => {
    const deny = await startProxy(rig.engine.endpoint, (body) => body.includes("set web banip"));
    process.env.DYNAMODB_ENDPOINT = deny.url;
    try {
      const { code, out, err } = await rig.run("set", "web", "banip", "192.0.2.7", ...STACK);
      expect({ code, out }).toEqual({ code: 255, out: "1\n" });
      expect(err).toContain("warning: it is done, but nobody could write down that you did it");
      expect(err).toContain("AccessDeniedException");
    } finally {
      process.env.DYNAMODB_ENDPOINT = rig.engine.endpoint;
      await deny.close();
    }
    expect((await ask("banned", "192.0.2.7")).out).toBe("[['web']]");
    expect(await rig.state.audit.recent(9)).toEqual([]);
  });

  it("a change that is cut off in the middle: what it is about is noted all the same", async () => {
    const deny = await startProxy(rig.engine.endpoint, (body) => body.includes('"192.0.2.8"'));
    process.env.DYNAMODB_ENDPOINT = deny.url;
    try {
      const { code, out } = await ask("set", "web", "banip", "192.0.2.7", "192.0.2.8");
      expect({ code, out }).toEqual({ code: 255, out: expect.stringContaining("AccessDeniedException: not this") });
    } finally {
      process.env.DYNAMODB_ENDPOINT = rig.engine.endpoint;
      await deny.close();
    }
    expect((await ask("banned", "192.0.2.7", "192.0.2.8")).out).toBe("[['web'], []]");
    expect(await rig.state.audit.recent(9)).toMatchObject([
      { command: "set web banip 192.0.2.7 192.0.2.8", outcome: expect.stringMatching(/^failed: .*not this/) },
    ]);
  });

  it("no credentials, no Region, and a Region that is none", async () => {
    const { AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL } = process.env;
    try {
      delete process.env.AWS_ACCESS_KEY_ID;
      const none = await ask("status");
      expect(none).toMatchObject({ code: 255 });
      expect(none.out).toContain("there are no AWS credentials to use");
      process.env.AWS_ACCESS_KEY_ID = AWS_ACCESS_KEY_ID;
      delete process.env.AWS_REGION;
      expect((await ask("status")).out).toContain("Name a region: --region, AWS_REGION");
      process.env.AWS_DEFAULT_REGION = AWS_REGION;
      expect((await ask("status")).code).toBe(0);
      process.env.AWS_ENDPOINT_URL = "http://127.0.0.1:1";
      expect(await ask("status")).toMatchObject({ code: 255, out: expect.stringContaining("ECONNREFUSED") });
    } finally {
      delete process.env.AWS_DEFAULT_REGION;
      Object.assign(process.env, { AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL });
    }
  });
});

describe("profile and Region", () => {
  const directory = mkdtempSync(join(tmpdir(), "fleet2ban-profile-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const config = join(directory, "config");
  const credentials = join(directory, "credentials");
  writeFileSync(config, "[profile ops]\nregion = eu-west-1\n");
  writeFileSync(credentials, "[ops]\naws_access_key_id = AKIDOPS\naws_secret_access_key = s\n");

  it.each([
    { argv: ["--profile", "ops"], region: "eu-central-1", key: "AKIDOPS" },
    { argv: ["--profile", "ops", "--region", "us-east-2"], region: "us-east-2", key: "AKIDOPS" },
    { argv: ["--region", "us-east-2"], region: "us-east-2", key: "AKIDEXAMPLE" },
    { argv: ["--profile", "ops"], unset: "AWS_REGION", region: "eu-west-1", key: "AKIDOPS" },
  ])("$argv without $unset: $region as $key", async ({ argv, unset, region, key }) => {
    const before = { ...process.env };
    Object.assign(process.env, { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials });
    if (unset !== undefined) delete process.env[unset];
    try {
      expect(await rig.run("status", ...STACK, ...argv)).toMatchObject({ code: 0 });
      expect((await rig.run("status", "--stack", "prd", ...argv)).out).toContain(`no stack "prd" in ${region} of`);
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
    }
    for (const { authorization } of rig.standIn.asked) {
      expect(authorization).toContain(`Credential=${key}/`);
      expect(authorization).toContain(`/${region}/`);
    }
  });
});

describe("the program on a stack", () => {
  it("bans, shows, unbans and lets alone, as processes of their own", async () => {
    const said = async (...argv: readonly string[]) => {
      const { code, out, err } = await rig.spawn(...argv, ...STACK);
      return [code, out, err];
    };
    expect(await said("status")).toEqual([0, "Status\n|- Number of jail:\t2\n`- Jail list:\tdeep, web\n", ""]);
    expect(await said("set", "web", "banip", "192.0.2.7")).toEqual([0, "1\n", ""]);
    expect(await said("banned")).toEqual([0, "[{'web': ['192.0.2.7']}, {'deep': []}]\n", ""]);
    expect(await said("set", "web", "unbanip", "192.0.2.7")).toEqual([0, "1\n", ""]);
    expect((await said("set", "web", "addignoreip", "198.51.100.7"))[0]).toBe(0);
    expect(await said("unban", "--immune", "2h", "192.0.2.7")).toEqual([0, "0\n", ""]);
    const [code, out] = await said("status", "nope");
    expect([code, out]).toEqual([255, "Sorry but the jail 'nope' does not exist\n"]);
  });
});

/** Passes requests on to another engine, and denies those whose body fits. */
async function startProxy(target: string, denies: (body: string) => boolean) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const body = Buffer.concat(chunks).toString();
      const denied = { __type: "AccessDeniedException", message: "not this" };
      const { "x-amz-target": operation, authorization } = request.headers;
      const headers = { "x-amz-target": `${operation}`, authorization: `${authorization}`, "x-amz-date": "x" };
      const answer = denies(body)
        ? new Response(JSON.stringify(denied), { status: 400 })
        : await fetch(target, {
            method: "POST",
            headers: { ...headers, "content-type": "application/x-amz-json-1.0" },
            body,
          });
      response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.0" });
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
