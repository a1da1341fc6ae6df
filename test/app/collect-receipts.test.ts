import { beforeEach, describe, expect, it } from "vitest";
import { collectReceipts } from "../../shared/app/collect-receipts.ts";
import type { OpenCommand } from "../../shared/ports/commands.ts";
import type { Answered } from "../../shared/ports/receipts.ts";
import { receipt } from "../core/fleet/samples.ts";
import { memoryCommands, memoryHosts, memoryMetrics } from "../support/cloud-memory.ts";

const T = 1_000_000;
const reply = receipt();
const replied = (host: string, at = T + 1_500): Answered => ({ kind: "replied", host, reply, at });
const pending = (host: string): Answered => ({ kind: "pending", host });
const lost = (host: string): Answered => ({ kind: "lost", host, status: "Undeliverable", at: T });
const command = (id: string, sentAt = T): OpenCommand => ({ id, sentAt, mode: "apply", hosts: undefined, changes: 1 });

let answers: Map<string, readonly Answered[]>;
let asked: string[];
const deps = () => ({
  commands: memoryCommands(),
  hosts: memoryHosts(),
  metrics: memoryMetrics(),
  receipts: {
    collect: async (id: string) => {
      asked.push(id);
      return answers.get(id) ?? [];
    },
  },
});
beforeEach(() => {
  answers = new Map();
  asked = [];
});

describe("receipts", () => {
  it.each<{ name: string; given: readonly Answered[]; age: number; open: boolean }>([
    { name: "all answered", given: [replied("i-1"), lost("i-2")], age: 30_000, open: false },
    { name: "all that is listed so soon answered", given: [replied("i-1")], age: 29_999, open: true },
    { name: "one is on its way", given: [replied("i-1"), pending("i-2")], age: 60_000, open: true },
    { name: "one will not come any more", given: [replied("i-1"), pending("i-2")], age: 600_000, open: false },
    { name: "nothing is listed yet", given: [], age: 60_000, open: true },
    { name: "it went to nobody", given: [], age: 600_000, open: false },
  ])("of a command where $name: still open is $open", async ({ given, age, open }) => {
    const d = deps();
    await d.commands.open(command("c"));
    answers.set("c", given);
    await collectReceipts(T + age, d);
    expect(await d.commands.opened()).toHaveLength(open ? 1 : 0);
    const hosts = given.flatMap((answer) => (answer.kind === "replied" ? [answer.host] : []));
    expect((await d.hosts.all()).map(({ host }) => host)).toEqual(hosts);
  });

  it("are timed by the slowest host, once", async () => {
    const d = deps();
    await d.commands.open(command("c"));
    answers.set("c", [replied("i-1", T + 900), replied("i-2", T + 4_000), pending("i-3")]);
    await collectReceipts(T + 60_000, d);
    answers.set("c", [replied("i-1", T + 900), replied("i-2", T + 4_000), replied("i-3", T + 7_000)]);
    await collectReceipts(T + 90_000, d);
    await collectReceipts(T + 120_000, d);
    expect(d.metrics.delays).toEqual([["CommandToReceipt", 7_000]]);
  });

  it("tell which hosts were lost", async () => {
    const d = deps();
    await d.commands.open(command("c"));
    answers.set("c", [replied("i-1"), lost("i-2")]);
    expect((await collectReceipts(T + 60_000, d)).lost).toEqual([lost("i-2")]);
  });

  it("keep what checks found out about a host", async () => {
    const d = deps();
    await d.hosts.note({ host: "i-1", reply, command: "b", at: T, differsSince: 5, revision: 3 });
    await d.commands.open(command("c"));
    answers.set("c", [replied("i-1")]);
    await collectReceipts(T + 60_000, d);
    expect(await d.hosts.all()).toEqual([
      { host: "i-1", reply, command: "c", at: T + 1_500, differsSince: 5, revision: 3 },
    ]);
  });

  it("raise a doubt about a host that booted", async () => {
    const d = deps();
    await d.hosts.note({ host: "i-1", reply: { ...reply, bootId: "boot-0" }, command: "b", at: T });
    await d.commands.open(command("c"));
    answers.set("c", [replied("i-1")]);
    await collectReceipts(T + 60_000, d);
    expect(await d.hosts.all()).toMatchObject([{ host: "i-1", differsSince: T + 1_500 }]);
  });

  it("of many commands are written once a host, and not at all where they are no news", async () => {
    const d = deps();
    let notes = 0;
    const { note } = d.hosts;
    d.hosts.note = (record) => {
      notes++;
      return note(record);
    };
    for (let i = 0; i < 5; i++) {
      await d.commands.open(command(`c-${i}`, T + i));
      answers.set(
        `c-${i}`,
        Array.from({ length: 100 }, (_, n) => replied(`i-${n}`, T + 1_000 + i)),
      );
    }
    await collectReceipts(T + 20_000, d);
    expect(notes).toBe(100);
    expect(new Set((await d.hosts.all()).map(({ at }) => at))).toEqual(new Set([T + 1_004]));
    await collectReceipts(T + 25_000, d);
    expect(notes).toBe(100);
  });

  it("of a storm are read of its newest commands; the others are closed when nobody answers any more", async () => {
    const d = deps();
    for (let i = 0; i < 25; i++) await d.commands.open(command(`c-${i}`, T + i * 1_000));
    await collectReceipts(T + 60_000, d);
    expect(asked).toEqual(Array.from({ length: 10 }, (_, i) => `c-${24 - i}`));
    await collectReceipts(T + 700_000, d);
    expect(await d.commands.opened()).toEqual([]);
    expect(asked).toHaveLength(20);
  });
});
