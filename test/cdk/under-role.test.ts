/**
 * The functions at work on real tables with the rights of their roles: what IAM would deny is denied. permissions.test.ts
 * goes by what the ports ask; this goes by the ways that the handlers take.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHandler as createNotify } from "../../lambdas/notify/handler.ts";
import { createHandler as createReconcile } from "../../lambdas/reconcile/handler.ts";
import { mailAction } from "../app/notify-rig.ts";
import { simulatedHosts } from "../app/simulated-hosts.ts";
import {
  type Cloud,
  direct,
  failures,
  openCloud,
  payload,
  rulesetOf,
  START,
  shelf,
  startProcess,
  wordJail,
} from "../lambdas/rig.ts";
import { allowancesOf, type Request, statementsOfRole, underRole } from "./roles.ts";
import { synthesise } from "./synthesise.ts";

const MINUTE = 60_000;
const recidive = wordJail("recidive", {
  failregex: ["\\[(?!recidive\\])[^\\]]*\\]\\s+Ban\\s+<HOST>\\s*$"],
  logs: [{ path: "/var/log/fail2ban.log", from: "head" }],
  maxretry: 1,
});
/** Longer bans for who comes again: histories are read and written. */
const web = wordJail("web", {
  increment: {
    factor: 1,
    formula: undefined,
    multipliers: [1, 2],
    maxtime: undefined,
    rndtime: undefined,
    overalljails: false,
  },
});
const ruleset = rulesetOf({ jails: [web, recidive], bansPerMinute: 2 });

describe("with the rights of its role", () => {
  const made = synthesise({ mode: "enforce" });
  let cloud: Cloud;
  let denied: Request[][];
  beforeAll(async () => {
    cloud = await openCloud();
  });
  afterAll(() => cloud.close());
  beforeEach(async () => {
    await cloud.engine.empty();
    cloud.stream.take(Number.POSITIVE_INFINITY);
    denied = [];
  });

  async function start(role: string, more: Parameters<typeof startProcess>[1] = {}) {
    const { windows, bans, control } = cloud.engine.tables;
    const client = cloud.engine.connect(cloud.stream.endpoint);
    const names = { [windows]: "Windows", [bans]: "Bans", [control]: "Control" };
    denied.push(underRole(client, allowancesOf(statementsOfRole(made, role)), names).denied);
    return startProcess(cloud, { ruleset, client, ...more });
  }

  /** Failures of so many addresses, three each: as many bans. */
  const attack = (addresses: number, first = 1) =>
    direct(
      payload(
        Array.from({ length: addresses }, (_, n) => failures(`198.51.100.${first + n}`, 3, cloud.clock.now())).flat(),
      ),
    );

  it("ingest counts, bans, trips the breaker and holds what comes then", async () => {
    const { ingest, alarms, state } = await start("Ingest");
    await ingest(attack(1));
    await ingest(attack(8, 10));
    cloud.clock.advance(2 * MINUTE);
    await ingest(attack(1, 40));
    expect(alarms).toHaveLength(1);
    expect((await cloud.state.totals.read()).get("web")!.failed).toBeGreaterThan(0);
    expect((await cloud.state.breakers.load("web")).state.kind).toBe("tripped");
    expect(denied.flat()).toEqual([]);
    // It writes no allowlist, and deletes no ban.
    const entry = { kind: "ignore", jail: undefined, word: "192.0.2.1", actor: "x", at: START } as const;
    await expect(state.control.put(entry)).rejects.toThrow("not authorized");
    const [ban] = await cloud.state.bans.ofId("198.51.100.1" as never);
    await expect(state.bans.lift(ban!, START)).rejects.toThrow("not authorized");
    await expect(state.pool.deposit({ who: "x", changes: [] }, START)).rejects.toThrow("not authorized");
  });

  it("enforce adopts the ruleset, commands, counts for recidive jails, and does so again", async () => {
    const { ingest } = await start("Ingest");
    const { enforce, state } = await start("Enforce");
    await ingest(attack(2));
    for (let records = cloud.stream.take(100); records.length > 0; records = cloud.stream.take(100)) {
      expect(await enforce({ Records: [...records] })).toEqual({ batchItemFailures: [] });
    }
    expect((await cloud.state.bans.ofId("198.51.100.1" as never)).map(({ jail }) => jail).sort()).toEqual([
      "recidive",
      "web",
    ]);
    expect(await cloud.state.commands.opened()).not.toEqual([]);
    expect(denied.flat()).toEqual([]);
    await expect(state.control.remove({ kind: "idle", jail: "web" })).rejects.toThrow("not authorized");
  });

  it("sweep ends what is over", async () => {
    const { ingest } = await start("Ingest");
    const { sweep, state } = await start("Sweep");
    await ingest(attack(2));
    cloud.clock.advance(2 * 60 * MINUTE);
    expect(await sweep({})).toEqual({ lifted: 2 });
    expect(denied.flat()).toEqual([]);
    await expect(state.control.entries()).rejects.toThrow("not authorized");
  });

  it("reconcile brings hosts back, closes commands and forgets who went", async () => {
    const { ingest } = await start("Ingest");
    const { state, run } = await start("Reconcile");
    await ingest(attack(1));
    const fleet = simulatedHosts(2, state.commands, cloud.clock.now);
    const handler = createReconcile({
      ...{ fleet: fleet.fleet, inventory: fleet.inventory, receipts: fleet.receipts, document: "d" },
      ...{ commands: state.commands, hosts: state.hosts, bans: state.bans, pace: state.pace },
      ...{ jails: ["web"], script: "1.0.0", firewalls: async () => new Map() },
      wait: async (duration) => cloud.clock.advance(duration),
    });
    const failing = { source: "aws.ssm", detail: { "command-id": "c", "document-name": "d", status: "Failed" } };
    await state.commands.open({ id: "c", sentAt: cloud.clock.now(), mode: "apply", hosts: undefined, changes: 1 });
    for (const event of [{}, failing, {}]) {
      expect(await run(handler)(event)).toMatchObject({ kind: "checked" });
      cloud.clock.advance(5 * MINUTE);
    }
    (fleet.hosts as unknown[]).pop();
    cloud.clock.advance(40 * 24 * 60 * MINUTE);
    await run(handler)({});
    expect((await cloud.state.hosts.all()).map(({ host }) => host)).toEqual(["i-1"]);
    expect(denied.flat()).toEqual([]);
    await expect(state.holds.hold((await cloud.state.bans.ofId("198.51.100.1" as never))[0]!)).rejects.toThrow(
      "not authorized",
    );
  });

  it("notify mails, marks and keeps its pace", async () => {
    const { ingest } = await start("Ingest");
    const { state, run } = await start("Notify");
    await ingest(attack(2));
    const subjects: string[] = [];
    const handler = createNotify({
      actions: new Map([["web", [mailAction()]]]),
      observed: new Set(),
      teller: { name: "prod", stack: "prod", zone: () => 0, zoneName: "UTC" },
      mailbox: { boxOf: () => "box", send: async (_, { subject }) => void subjects.push(subject) },
      whois: { about: async () => ({ kind: "unknown", reason: "nobody was asked" }) },
      setAside: shelf(),
      wait: async (duration) => cloud.clock.advance(duration),
      ...{ pace: state.pace, marks: state.marks },
    });
    const records = [...cloud.stream.take(100)];
    for (const _ of [1, 2]) expect(await run(handler)({ Records: records })).toEqual({ batchItemFailures: [] });
    expect(subjects).toHaveLength(2);
    expect(denied.flat()).toEqual([]);
    const entry = { kind: "ignore", jail: undefined, word: "192.0.2.1", actor: "x", at: START } as const;
    await expect(state.control.put(entry)).rejects.toThrow("not authorized");
  });
});
