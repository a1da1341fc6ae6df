/** What wakes a check of the fleet, what does not, and what is told of it. */
import { beforeEach, describe, expect, it } from "vitest";
import { decodeEvent } from "../../lambdas/reconcile/decode-event.ts";
import { createHandler, type ReconcileHandlerDeps } from "../../lambdas/reconcile/handler.ts";
import { inFrame } from "../../lambdas/runtime/invocation.ts";
import { createLog } from "../../lambdas/runtime/log.ts";
import { createMetrics } from "../../lambdas/runtime/metrics.ts";
import { type SimulatedHosts, simulatedHosts } from "../app/simulated-hosts.ts";
import { memoryCommands, memoryHosts, memoryRows } from "../support/cloud-memory.ts";
import { output, STACK, virtualClock } from "./rig.ts";

const DOCUMENT = "fleet2ban-prod";
const schedule = { source: "aws.events", "detail-type": "Scheduled Event", detail: {} };
const ec2 = (state: string) => ({ source: "aws.ec2", detail: { "instance-id": "i-9", state } });
const ssm = (command: string, status = "Failed", document = DOCUMENT) => ({
  source: "aws.ssm",
  detail: { "command-id": command, "document-name": document, "instance-id": "i-1", status },
});

describe("an event", () => {
  it.each<[string, unknown, object]>([
    ["the schedule", schedule, { kind: "schedule" }],
    ["a person's call", {}, { kind: "schedule" }],
    ["no event at all", null, { kind: "schedule" }],
    ["an instance that starts", ec2("running"), { kind: "instance-started", host: "i-9" }],
    ["an instance that stops", ec2("stopped"), { kind: "irrelevant" }],
    ["a broken event of EC2", { source: "aws.ec2", detail: "?" }, { kind: "irrelevant" }],
    ...["Failed", "TimedOut", "Undeliverable"].map((status): [string, unknown, object] => [
      `a command that is ${status}`,
      ssm("c", status),
      { kind: "command-failed", command: "c", host: "i-1", status },
    ]),
    ["a command that went well", ssm("c", "Success"), { kind: "irrelevant" }],
    ["a command of somebody else", ssm("c", "Failed", "AWS-RunShellScript"), { kind: "irrelevant" }],
    ["a broken event of SSM", { source: "aws.ssm", detail: { status: 1 } }, { kind: "irrelevant" }],
  ])("that is %s", (_, event, expected) => expect(decodeEvent(event, DOCUMENT)).toMatchObject(expected));
});

describe("the reconcile function", () => {
  let fleet: SimulatedHosts;
  let deps: ReconcileHandlerDeps;
  let clock = virtualClock();
  let out = output();
  beforeEach(() => {
    clock = virtualClock();
    const commands = memoryCommands();
    fleet = simulatedHosts(2, commands, clock.now);
    const slots = new Map<string, number>();
    out = output();
    deps = {
      ...{ commands, fleet: fleet.fleet, inventory: fleet.inventory, receipts: fleet.receipts, document: DOCUMENT },
      ...{ hosts: memoryHosts(), bans: memoryRows([]), jails: ["web"], script: "1.0.0" },
      firewalls: async () => new Map(),
      wait: async (duration) => clock.advance(duration),
      pace: {
        reserve: async (what, gap, now, longest = Number.POSITIVE_INFINITY) => {
          const free = Math.max(slots.get(what) ?? 0, now);
          if (free - now <= longest) slots.set(what, free + gap);
          return free - now;
        },
      },
    };
  });
  const handle = (event: unknown) => {
    const log = createLog({ write: out.write, now: clock.now, fields: { stack: STACK, function: "reconcile" } });
    const frame = { log, metrics: createMetrics(STACK, out.write), now: clock.now };
    const context = { awsRequestId: "r", getRemainingTimeInMillis: () => 60_000 };
    return inFrame(frame, createHandler(deps))(event, context);
  };
  const failing = (id: string, changes: number) =>
    deps.commands.open({ id, sentAt: clock.now(), mode: "apply", hosts: undefined, changes });

  it("checks the fleet by the schedule, logs who is not in sync, and writes the levels", async () => {
    fleet.hosts[1]!.online = false;
    expect(await handle(schedule)).toEqual({ kind: "checked", hosts: 2, inSync: 1, relisted: 0 });
    expect(out.logs()).toMatchObject([
      { level: "INFO", message: "the fleet was checked", hosts: 2, inSync: 1, relisted: 0, requestId: "r" },
      { level: "WARN", host: "i-2", reason: { kind: "offline" } },
    ]);
    expect([out.sum("Hosts"), out.sum("HostsInSync"), out.sum("HostsSilent")]).toEqual([2, 1, 1]);
  });

  it.each([
    { name: "an instance that starts: its agent is not online yet", event: ec2("running"), reason: /i-9 is starting/ },
    { name: "a command of another document", event: ssm("c", "Failed", "other"), reason: /document other/ },
    { name: "a failed command that nobody remembers", event: ssm("unknown"), reason: /no changes/ },
  ])("does not check for $name", async ({ event, reason }) => {
    expect(await handle(event)).toEqual({ kind: "skipped", reason: expect.stringMatching(reason) });
    expect(fleet.sent).toEqual([]);
  });

  it("checks soon after changes did not reach a host, once for all hosts of a storm", async () => {
    await failing("c", 3);
    expect(await handle(ssm("c"))).toMatchObject({ kind: "checked" });
    await failing("d", 3);
    for (let i = 0; i < 50; i++) expect(await handle(ssm("d"))).toMatchObject({ kind: "skipped" });
    clock.advance(60_000);
    await failing("e", 1);
    expect(await handle(ssm("e"))).toMatchObject({ kind: "checked" });
  });

  it("is not woken by the failures of its own commands: a host that cannot heal would wake it for ever", async () => {
    await handle(schedule);
    const [own] = await deps.commands.opened();
    expect(own).toBeDefined();
    expect(await handle(ssm(own!.id))).toMatchObject({ kind: "skipped" });
    await failing("heal", 0);
    expect(await handle(ssm("heal"))).toMatchObject({ kind: "skipped" });
  });

  it("fails as a whole where the fleet cannot be listed: the service tries again", async () => {
    deps = { ...deps, inventory: { hosts: async () => Promise.reject(new Error("throttled")) } };
    await expect(handle(schedule)).rejects.toThrow("throttled");
    expect(out.logs().at(-1)).toMatchObject({ level: "ERROR" });
  });
});
