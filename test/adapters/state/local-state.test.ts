import { AsyncResource } from "node:async_hooks";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openLevelStore } from "../../../shared/adapters/local/state/level-store.ts";
import {
  createMemoryState,
  type LocalState,
  openLocalState,
} from "../../../shared/adapters/local/state/local-state.ts";
import { close, EMPTY_WINDOW } from "../../../shared/core/detect/window.ts";
import { sampleBan, sampleFailure, target } from "../../contracts/samples.ts";
import { all } from "../../contracts/subject.ts";
import { withFolder } from "./temporary-folder.ts";

const key = { jail: "web", id: target("192.0.2.1") };
const window = { failures: [sampleFailure(10)], closed: undefined };

/** Changes something in every table. */
async function fill(state: LocalState): Promise<void> {
  await state.windows.save(key, window, 0, 1_000);
  await state.bans.put(sampleBan());
  await state.offenders.record(sampleBan());
  await state.control.put({ kind: "idle", jail: "web", actor: "ann", at: 1 });
  await state.breakers.save("web", { kind: "tripped", at: 1, bans: 2 }, 0);
  await state.holds.hold(sampleBan({ id: target("192.0.2.2") }));
  await state.totals.add("batch", new Map([["web", { failed: 1, banned: 0, ignored: 0 }]]));
  await state.offsets.set("/var/log/x", "17");
}

/** Everything the tables hold. */
async function contents(state: LocalState): Promise<unknown> {
  return {
    windows: await state.windows.load([key]),
    bans: [await all(state.bans.inJail("web")), await state.bans.ofId(key.id), await state.bans.due(1e12, 10)],
    offenders: await state.offenders.history(key.id),
    control: await state.control.entries(),
    breakers: await state.breakers.load("web"),
    holds: await all(state.holds.inJail("web")),
    totals: [...(await state.totals.read())],
    offsets: [...(await state.offsets.all())],
    journal: await state.journal.pending(10),
  };
}

describe("the local state", () => {
  it("comes back whole after closing", () =>
    withFolder(async (folder) => {
      const first = await openLocalState(folder);
      await first.batch(() => fill(first));
      const before = await contents(first);
      await first.close();
      const second = await openLocalState(folder);
      expect(await contents(second)).toEqual(before);
      await second.close();
    }));

  it("sees its changes within a batch, and nothing is left of a batch that fails", async () => {
    const state = await createMemoryState();
    const empty = await contents(state);
    let within: unknown;
    const failed = state.batch(async () => {
      await fill(state);
      within = await contents(state);
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(await contents(state)).toEqual(empty);
    await state.batch(() => fill(state));
    expect(await contents(state)).toEqual(within);
  });

  it("lets batches wait for each other, also behind one that fails", async () => {
    const state = await createMemoryState();
    const seen: string[] = [];
    const step = (name: string, fails = false) =>
      state.batch(async () => {
        seen.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(`${name} ends`);
        if (fails) throw new Error(name);
      });
    await Promise.allSettled([step("a"), step("b", true), step("c")]);
    expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("shows nobody outside what is not durable yet", async () => {
    const state = await createMemoryState();
    const look = async () => [(await state.offsets.all()).size, (await state.journal.pending(9)).length];
    let goOn = () => {};
    const paused = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let filled = () => {};
    const reached = new Promise<void>((resolve) => {
      filled = resolve;
    });
    const batch = state.batch(async () => {
      await fill(state);
      expect(await look()).toEqual([1, 1]);
      filled();
      await paused;
    });
    await reached;
    expect(await look()).toEqual([0, 0]);
    goOn();
    await batch;
    expect(await look()).toEqual([1, 1]);
  });

  it("refuses a change outside a batch, also while somebody else's is open: nothing would make it durable", async () => {
    const state = await createMemoryState();
    await expect(state.offsets.set("x", "1")).rejects.toThrow("outside a batch");
    let late = async () => {};
    await state.batch(async () => {
      late = AsyncResource.bind(() => state.offsets.set("x", "1"));
    });
    await expect(late()).rejects.toThrow("outside a batch");
    const [, outside] = await Promise.allSettled([
      state.batch(() => new Promise((resolve) => setTimeout(resolve, 20))),
      new Promise((resolve) => setTimeout(resolve, 5)).then(() => state.offsets.set("x", "1")),
    ]);
    expect(outside).toMatchObject({
      status: "rejected",
      reason: { message: expect.stringContaining("outside a batch") },
    });
  });

  it("refuses a batch inside a batch, which would wait for itself", async () => {
    const state = await createMemoryState();
    await expect(state.batch(() => state.batch(async () => 1))).rejects.toThrow("wait for itself");
    expect(await state.batch(async () => 2)).toBe(2);
  });

  it("keeps the journal until it is settled, in order, across a restart", () =>
    withFolder(async (folder) => {
      const first = await openLocalState(folder);
      for (const n of [1, 2, 3]) await first.batch(() => first.bans.put(sampleBan({ id: target(`192.0.2.${n}`) })));
      const pending = await first.journal.pending(10);
      expect(pending.map(({ change }) => change.ban.id)).toEqual(["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
      expect((await first.journal.pending(2)).length).toBe(2);
      await first.batch(() => first.journal.settle(pending[1]!.sequence));
      await first.close();
      const second = await openLocalState(folder);
      expect(await second.journal.pending(10)).toEqual(pending.slice(2));
      await second.batch(() => second.bans.lift(sampleBan({ id: target("192.0.2.1") }), 5_000));
      expect((await second.journal.pending(10)).map(({ sequence }) => sequence)).toEqual([3, 4]);
      await second.close();
    }));
});

describe("pruning", () => {
  it("drops what can change no decision any more, in steps, and nothing else", async () => {
    const state = await createMemoryState();
    await state.batch(async () => {
      for (let n = 0; n < 100; n++) {
        const forgetAt = n < 60 ? n : n < 80 ? 10_000 : undefined;
        await state.windows.save(
          { jail: `jail ${n % 3}`, id: target(`192.0.2.${n}`) },
          close(EMPTY_WINDOW, { until: n }),
          0,
          forgetAt,
        );
      }
      await state.offenders.record(sampleBan());
      await state.offenders.record(sampleBan({ jail: "ssh", expiresAt: undefined }));
      await state.holds.hold(sampleBan());
      await state.holds.hold(sampleBan({ jail: "ssh", expiresAt: undefined }));
      await state.bans.put(sampleBan());
    });
    const day = 86_400_000;
    // Two rounds and more over everything, since a walk begins where the one before stopped.
    const prune = async (before: number) => {
      let dropped = 0;
      for (let step = 0; step < 30; step++) dropped += await state.batch(() => state.prune(before, 10));
      return dropped;
    };
    expect(await prune(59)).toBe(60);
    expect(await prune(1_000 + day - 1)).toBe(20 + 1);
    expect(await prune(1_000 + day)).toBe(1);
    expect(await prune(Number.MAX_SAFE_INTEGER)).toBe(0);
    expect((await state.offenders.history(key.id)).map((offence) => offence.jail)).toEqual(["ssh"]);
    expect((await all(state.bans.inJail("web"))).length).toBe(1);
  });

  it("forgets the names of totals beyond some thousands", async () => {
    const state = await createMemoryState();
    const once = new Map([["web", { failed: 1, banned: 0, ignored: 0 }]]);
    await state.batch(async () => {
      for (let n = 0; n < 5_000; n++) await state.totals.add(`batch ${n}`, once);
      await state.totals.add("batch 4999", once);
      await state.totals.add("batch 0", once);
    });
    expect((await state.totals.read()).get("web")!.failed).toBe(5_001);
  });
});

describe("a state that cannot be used says why, and what to do", () => {
  it("open in another process", () =>
    withFolder(async (folder) => {
      const first = await openLocalState(folder);
      await expect(openLocalState(folder)).rejects.toMatchObject({
        code: "state-locked",
        message: expect.stringContaining(folder),
      });
      await first.close();
      await (await openLocalState(folder)).close();
    }));

  it.each([
    { name: "no folder", make: (folder: string) => writeFile(join(folder, "state"), ""), code: "state-unusable" },
    {
      name: "a pointer to nothing",
      make: async (folder: string) => breakFile(folder, "CURRENT", () => "rubbish"),
      code: "state-corrupt",
    },
    {
      name: "damaged tables",
      make: async (folder: string) => breakFile(folder, ".ldb", flipBits),
      code: "state-corrupt",
    },
    { name: "of a later version", make: setFormat, code: "state-version" },
  ])("$name: $code", ({ make, code }) =>
    withFolder(async (parent) => {
      await make(parent);
      const folder = join(parent, "state");
      await expect(openLocalState(folder)).rejects.toMatchObject({
        name: "PortError",
        code,
        message: expect.stringContaining(folder),
        next: expect.stringMatching(/^[A-Z].*\.$/),
      });
      // The lock is given back: trying again says the same.
      await expect(openLocalState(folder)).rejects.toMatchObject({ code });
    }),
  );
});

async function setFormat(parent: string): Promise<void> {
  const store = await openLevelStore(join(parent, "state"));
  await store.write(new Map([["m/format", "99"]]));
  await store.close();
}

/** Makes a sound state that has tables on disk, then breaks the files whose names end so. */
async function breakFile(parent: string, ending: string, how: (content: Buffer) => Buffer | string): Promise<void> {
  const folder = join(parent, "state");
  for (let opened = 0; opened < 3; opened++) {
    const state = await openLocalState(folder);
    await state.batch(() => state.offsets.set(`file ${opened}`, "x".repeat(5_000)));
    await state.close();
  }
  const files = (await readdir(folder)).filter((file) => file.endsWith(ending));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) await writeFile(join(folder, file), how(await readFile(join(folder, file))));
}

function flipBits(content: Buffer): Buffer {
  return content.map((byte, place) => (place % 50 === 0 ? byte ^ 0xff : byte)) as Buffer;
}
