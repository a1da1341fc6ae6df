/** The looks that `doctor` takes: each state of a part, and what is found. */
import { describe, expect, it } from "vitest";
import { examineFleet, examineInventory } from "../../shared/app/examine-fleet.ts";
import { examineLogGroup, type LogGroupRequest } from "../../shared/app/examine-log-group.ts";
import { examineJails, examineTopic } from "../../shared/app/examine-stack.ts";
import type { Failure, LogEvent, Matcher } from "../../shared/core/filter/event.ts";
import type { Finding } from "../../shared/core/report/findings.ts";
import { PortError } from "../../shared/ports/failure.ts";
import type { FleetHost } from "../../shared/ports/inventory.ts";
import type { GroupLine, LogGroupFacts, LogGroups, Subscription } from "../../shared/ports/log-groups.ts";

async function all(findings: AsyncIterable<Finding>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { level, subject, text, next } of findings) {
    // What is not well has a next step, always.
    expect(next === undefined).toBe(level === "ok");
    texts.push(`${level} ${subject}: ${text}`);
  }
  return texts;
}

const GROUP = "/var/log/web";
const STACK = { name: "prod", ingestFunction: "prod-ingest" };
const facts: LogGroupFacts = { name: GROUP, class: "STANDARD", retention: 7, transformed: false };
const ours: Subscription = { name: "prod", destination: "arn:x", pattern: '?"bad"', transformed: false };
const other = (name: string): Subscription => ({ name, destination: `arn:${name}`, pattern: "", transformed: false });
const linesOf = (...texts: string[]) =>
  texts.map((text, index): GroupLine => ({ id: `${index}`, stream: "i-0a", at: index, text }));

/** Finds a failure in each line with "bad". */
const matcher = {
  match: (events: readonly LogEvent[]) => ({
    lines: events.length,
    failures: events.flatMap(({ id, text }) => (text.includes("bad") ? [{ identity: id } as Failure] : [])),
    tallies: new Map(),
    // As a jail with connections tells them: by what earlier lines have said.
    threads: events.flatMap(({ id, text }) =>
      text.includes("late") ? [{ resume: () => ({ failures: [{ identity: id }] }) }] : [],
    ),
  }),
} as unknown as Matcher;

interface Group {
  readonly facts?: LogGroupFacts;
  readonly subscriptions?: readonly Subscription[];
  readonly pages?: readonly (readonly GroupLine[])[];
  readonly passes?: (message: string) => boolean;
}

function lookAt(group: Group, request: Partial<LogGroupRequest> = {}) {
  const {
    subscriptions = [ours],
    pages = [linesOf("bad 1", "good", "bad 2")],
    passes = (text) => text.includes("bad"),
  } = group;
  let read = 0;
  const logGroups: LogGroups = {
    find: async () => ("facts" in group ? group.facts : facts),
    subscriptions: async () => subscriptions,
    sift: async (_pattern, messages) => messages.map(passes),
    async *read() {
      for (const page of pages) {
        read++;
        yield page;
      }
    },
  };
  const asked = { name: GROUP, stack: STACK, matcher, pattern: undefined, now: 1e12, ...request };
  return { findings: examineLogGroup(asked, { logGroups }), read: () => read };
}

const WELL = "ok log group /var/log/web: class Standard, kept 7 days";
const SUBSCRIBED = "ok log group /var/log/web: is subscribed by prod";
const READ = "ok log group /var/log/web: 3 lines of the last hour looked at, the jails find 2 failures";
const PASSED = "ok log group /var/log/web: the filter pattern lets all 2 failures through";
const find = (text: string) => text.replace("G: ", "log group /var/log/web: ");

describe("a log group", () => {
  it.each<{ name: string; group: Group; request?: Partial<LogGroupRequest>; expected: string[] }>([
    { name: "in order", group: {}, expected: [WELL, SUBSCRIBED, READ, PASSED] },
    {
      name: "that is not there",
      group: { facts: undefined } as unknown as Group,
      expected: ["failure G: does not exist"],
    },
    {
      name: "of a class without subscriptions",
      group: { facts: { ...facts, class: "INFREQUENT_ACCESS" } },
      expected: ["failure G: has the class INFREQUENT_ACCESS, which has no subscriptions"],
    },
    {
      name: "of the ingest function itself",
      group: {},
      request: { name: "/aws/lambda/prod-ingest" },
      expected: [
        "failure log group /aws/lambda/prod-ingest: belongs to a function of the stack itself: each of its lines would cause another",
      ],
    },
    {
      name: "known by the function's name alone",
      group: { subscriptions: [{ ...ours, name: "odd", destination: "arn:aws:lambda:r:1:function:prod-ingest" }] },
      expected: [WELL, "ok G: is subscribed by odd", READ, PASSED],
    },
    {
      name: "whose filters are both taken",
      group: { subscriptions: [other("siem"), other("backup")] },
      expected: [WELL, "failure G: both of its subscription filters are taken: siem, backup", READ],
    },
    {
      name: "that the stack does not read",
      group: { subscriptions: [other("siem")] },
      expected: [WELL, "failure G: is not subscribed by the stack", READ],
    },
    {
      name: "with a free place, before a deployment",
      group: { subscriptions: [other("siem")] },
      request: { stack: undefined, pattern: '?"bad"' },
      expected: [WELL, "ok G: 1 of 2 subscription filters are free", READ, PASSED],
    },
    {
      name: "whose lines are rewritten before we see them",
      group: { facts: { ...facts, transformed: true }, subscriptions: [{ ...ours, transformed: true }] },
      expected: [
        WELL,
        SUBSCRIBED,
        "failure G: a transformer rewrites the lines before the jails see them",
        READ,
        PASSED,
      ],
    },
    {
      name: "whose transformer does not concern us",
      group: { facts: { ...facts, transformed: true } },
      expected: [
        WELL,
        SUBSCRIBED,
        "ok G: has a transformer; subscriptions see the lines as they were written",
        READ,
        PASSED,
      ],
    },
    {
      name: "that got no lines",
      group: { pages: [[], []] },
      expected: [
        WELL,
        SUBSCRIBED,
        "warning G: got no line within the last hour",
        "ok G: the filter pattern is accepted; there was no failure to try it on",
      ],
    },
    {
      name: "that no jail reads",
      group: { subscriptions: [] },
      request: { stack: undefined, matcher: undefined },
      expected: [
        WELL,
        "ok G: 2 of 2 subscription filters are free",
        "warning G: 3 lines looked at, but no jail reads them",
      ],
    },
    {
      name: "whose pattern hides failures",
      group: { passes: (text) => text === "bad 1" },
      expected: [WELL, SUBSCRIBED, READ, "failure G: the filter pattern hides 1 of 2 failures, such as: bad 2"],
    },
    {
      name: "whose pattern hides what only earlier lines explain",
      group: { pages: [linesOf("bad 1", "late 2", "good")] },
      expected: [WELL, SUBSCRIBED, READ, "failure G: the filter pattern hides 1 of 2 failures, such as: late 2"],
    },
    {
      name: "without a pattern",
      group: { subscriptions: [{ ...ours, pattern: "" }], passes: () => false },
      expected: [WELL, SUBSCRIBED, READ, "ok G: every line is sent to the jails: there is no filter pattern"],
    },
    {
      name: "whose pattern is none",
      group: {
        passes: () => {
          throw new PortError("rejected", "Invalid filter pattern", "");
        },
      },
      expected: [WELL, SUBSCRIBED, READ, "failure G: the filter pattern is not accepted: Invalid filter pattern"],
    },
  ])("$name", async ({ group, request, expected }) => {
    expect(await all(lookAt(group, request).findings)).toEqual(expected.map(find));
  });

  it("is read until there are fifty failures, and no more than ten pages", async () => {
    const many = lookAt({
      pages: Array.from({ length: 30 }, () => linesOf(...Array.from({ length: 20 }, () => "bad"))),
    });
    expect(await all(many.findings)).toContain(
      find("ok G: 60 lines of the last hour looked at, the jails find at least 50 failures"),
    );
    expect(many.read()).toBe(3);
    const quiet = lookAt({ pages: Array.from({ length: 30 }, () => linesOf("good")) });
    await all(quiet.findings);
    expect(quiet.read()).toBe(10);
  });

  it("throws where the service does not tell", async () => {
    const denied = lookAt({
      passes: () => {
        throw new PortError("denied", "no", "");
      },
    });
    await expect(all(denied.findings)).rejects.toMatchObject({ code: "denied" });
  });
});

describe("hosts before a deployment", () => {
  const host = (more: Partial<FleetHost> = {}): FleetHost => ({
    ...{ host: "i-0a", online: true, seenAt: 0, agent: "3.3.2746.0", platform: undefined, addresses: [] },
    ...more,
  });
  const two = "ok hosts: 2 with the tag Role=web and an SSM agent";

  it.each<{ hosts: FleetHost[]; expected: string[] }>([
    { hosts: [], expected: ["failure hosts: none has the tag Role=web and an SSM agent"] },
    { hosts: [host(), host({ host: "i-0b" })], expected: [two] },
    { hosts: [host({ online: false }), host()], expected: [two, "warning host i-0a: is offline"] },
    {
      hosts: [host({ agent: "3.3.2745.9" }), host({ agent: undefined })],
      expected: [
        two,
        "failure host i-0a: its SSM agent 3.3.2745.9 is too old: no ban would reach it",
        "failure host i-0a: its SSM agent of an unknown version is too old: no ban would reach it",
      ],
    },
  ])("$expected", async ({ hosts, expected }) => {
    const request = { tag: "Role=web", now: 0, zone: () => 0 };
    expect(await all(examineInventory(request, { inventory: { hosts: async () => hosts } }))).toEqual(expected);
  });

  it("of a stack are judged by their receipts", async () => {
    const deps = {
      inventory: { hosts: async () => [host(), host({ host: "i-0b", agent: "1.0" })] },
      hosts: { all: async () => [], note: async () => undefined, forget: async () => undefined },
      script: undefined,
    };
    expect(await all(examineFleet({ tag: "Role=web", now: 0, zone: () => 0 }, deps))).toEqual([
      two,
      "warning host i-0a: never answered a command yet",
      "failure host i-0b: SSM agent 1.0 is too old, no ban reaches this host",
    ]);
  });
});

describe("jails and mails", () => {
  it("tells jails that do nothing", async () => {
    const breakers = {
      load: async (jail: string) => ({
        state: jail === "a" ? { kind: "tripped" as const, at: 0, bans: 301 } : { kind: "armed" as const, rate: [] },
        version: 1,
      }),
      save: async () => "saved" as const,
    };
    const control = {
      entries: async () => [{ kind: "idle" as const, jail: "b", actor: "ann", at: 0 }],
      put: async () => undefined,
      remove: async () => false,
    };
    expect(await all(examineJails(["a", "b", "c"], { breakers, control }))).toEqual([
      "failure jail a: was stopped by its breaker: further bans are held back",
      "warning jail b: is idle",
      "ok jails: 1 of 3 at work",
    ]);
  });

  it.each([
    { subscribers: [], expected: ["warning alarms: nobody is subscribed"] },
    {
      subscribers: [{ endpoint: "a@example.org", confirmed: true }],
      expected: ["ok alarms: 1 subscribed and confirmed"],
    },
    {
      subscribers: [{ endpoint: "a@example.org", confirmed: false }],
      expected: ["warning alarms: a@example.org has not confirmed the subscription, and gets nothing"],
    },
  ])("$expected", async ({ subscribers, expected }) => {
    const of = async () => subscribers.map((each) => ({ protocol: "email", ...each }));
    expect(await all(examineTopic({ arn: "arn:t", what: "alarms" }, { subscribers: { of } }))).toEqual(expected);
  });
});
