import { describe, expect, it } from "vitest";
import type { HostReply, Receipt } from "../../shared/core/firewall/receipt.ts";
import type { HostRecord, Hosts } from "../../shared/ports/hosts.ts";
import { type OpenSubject, on } from "./subject.ts";

const receipt: Receipt = {
  kind: "done",
  script: "1.0.0",
  mode: "apply",
  backend: "nft",
  ipv6: true,
  bootId: "boot-1",
  at: 5_000,
  digest: "0123abcd",
  faults: ["a chain was missing"],
  refusals: [],
  notes: ['"\\\u0000 é 漢'],
  changes: 3,
  banned: 2,
  unbanned: 1,
  stale: 0,
  expired: 0,
  refused: 0,
  added: 2,
  retimed: 0,
  removed: 1,
  bans: 7,
  skipped: 0,
  missing: 0,
  foreign: 0,
  repaired: 1,
  broken: 0,
};

const record = (at: number, with_: Partial<HostRecord> = {}): HostRecord => ({
  host: "i-1",
  reply: receipt,
  command: `command-${at}`,
  at,
  ...with_,
});

/** What every adapter of Hosts must do. */
export function hostsContract(name: string, open: OpenSubject<Hosts>): void {
  describe(`hosts in ${name}`, () => {
    it.each<{ name: string; reply: HostReply }>([
      { name: "a receipt", reply: receipt },
      { name: "a failure", reply: { kind: "failed", code: "no-firewall", message: "neither nft nor ipset" } },
      { name: "an unreadable answer", reply: { kind: "unreadable", message: "" } },
    ])("keep $name as it is", ({ reply }) =>
      on(open, async ({ port, run }) => {
        expect(await port.all()).toEqual([]);
        await run(() => port.note(record(1, { reply })));
        expect(await port.all()).toEqual([record(1, { reply })]);
      })(),
    );

    it(
      "keep what a check found out, and forget it when a later one found otherwise",
      on(open, async ({ port, run }) => {
        const found = record(1, { differsSince: 17, revision: 3 });
        await run(() => port.note(found));
        expect(await port.all()).toEqual([found]);
        await run(() => port.note(record(2, { revision: 4 })));
        expect(await port.all()).toEqual([record(2, { revision: 4 })]);
      }),
    );

    it.each([
      { name: "in order", times: [1, 2, 3], kept: 3 },
      { name: "in any order", times: [2, 3, 1], kept: 3 },
      { name: "twice", times: [3, 3, 2, 3], kept: 3 },
    ])("keep the latest answer, coming $name", ({ times, kept }) =>
      on(open, async ({ port, run }) => {
        for (const at of times) await run(() => port.note(record(at)));
        expect(await port.all()).toEqual([record(kept)]);
      })(),
    );

    it(
      "keep the first of two answers of the same time",
      on(open, async ({ port, run }) => {
        await run(() => port.note(record(1, { command: "first" })));
        await run(() => port.note(record(1, { command: "second" })));
        expect((await port.all())[0]!.command).toBe("first");
      }),
    );

    it(
      "are told apart, and forgotten one by one",
      on(open, async ({ port, run }) => {
        for (const host of ["i-1", "i-10", "mi-1"]) await run(() => port.note(record(1, { host })));
        await run(() => port.forget("i-1"));
        await run(() => port.forget("never seen"));
        expect((await port.all()).map(({ host }) => host).sort()).toEqual(["i-10", "mi-1"]);
      }),
    );
  });
}
