/** The small things around ingest: what is remembered, for how long, and how long one waits. */
import { describe, expect, it } from "vitest";
import { createKnownBans } from "../../shared/app/known-bans.ts";
import { loadRules } from "../../shared/app/load-rules.ts";
import { createCachedResolver } from "../../shared/app/resolve-names.ts";
import { retryConflicts, waitBefore } from "../../shared/app/retry-conflicts.ts";
import type { IpAddress } from "../../shared/core/address.ts";
import { id, jail } from "./rig.ts";

const key = { jail: "web", id: id("192.0.2.1") };

describe("known bans", () => {
  it.each([
    { name: "believed at once", at: 0, expected: 500 },
    { name: "believed for a while", at: 29, expected: 500 },
    { name: "not believed later", at: 30, expected: undefined },
    { name: "not believed for a far older line", at: -30, expected: undefined },
  ])("are $name", ({ at, expected }) => {
    const known = createKnownBans({ ttl: 30 });
    known.remember(key, 500, 0);
    expect(known.until(key, at)).toBe(expected);
    expect(known.until({ ...key, jail: "ssh" }, at)).toBeUndefined();
  });

  it("are for ever where the ban is, forgotten on demand, and no more than the cache holds", () => {
    const known = createKnownBans({ capacity: 2 });
    known.remember(key, undefined, 0);
    expect(known.until(key, 0)).toBe(Number.POSITIVE_INFINITY);
    known.forget(key);
    expect(known.until(key, 0)).toBeUndefined();
    for (const n of [1, 2, 3]) known.remember({ ...key, id: id(`192.0.2.${n}`) }, n, 0);
    expect([1, 2, 3].map((n) => known.until({ ...key, id: id(`192.0.2.${n}`) }, 0))).toEqual([undefined, 2, 3]);
  });
});

describe("resolved names", () => {
  function names(answers: (readonly string[] | Error)[]) {
    let asked = 0;
    const resolver = createCachedResolver(
      {
        async resolve() {
          const answer = answers[asked++]!;
          if (answer instanceof Error) throw answer;
          return answer as IpAddress[];
        },
      },
      { ttl: 300, capacity: 2, silence: 30, most: 2 },
    );
    return { resolver, asked: () => asked };
  }

  it("are asked for once per five minutes", async () => {
    const { resolver, asked } = names([["192.0.2.1"], ["192.0.2.2"]]);
    expect([await resolver.resolve("a", 0), await resolver.resolve("a", 299)]).toEqual([["192.0.2.1"], ["192.0.2.1"]]);
    expect(asked()).toBe(1);
    expect(await resolver.resolve("a", 300)).toEqual(["192.0.2.2"]);
  });

  it("keep their old answer while DNS is silent, and have none without one", async () => {
    const { resolver } = names([["192.0.2.1"], new Error("timeout"), new Error("timeout"), ["192.0.2.3"]]);
    await resolver.resolve("a", 0);
    expect(await resolver.resolve("a", 1000)).toEqual(["192.0.2.1"]);
    await expect(resolver.resolve("b", 1000)).rejects.toThrow("timeout");
    expect(await resolver.resolve("b", 1000)).toEqual(["192.0.2.3"]);
  });

  it("are no more than the cache holds: those that were used last", async () => {
    const { resolver, asked } = names([[], [], [], []]);
    for (const name of ["a", "b", "a", "c", "a"]) await resolver.resolve(name, 0);
    expect(asked()).toBe(3);
    await resolver.resolve("b", 0);
    expect(asked()).toBe(4);
  });

  it("of attackers are asked for a few at a time, each once; the rest finds those known the next time", async () => {
    const { resolver, asked } = names([["192.0.2.1"], [], ["192.0.2.3"]]);
    const all = ["a", "b", "a", "c"];
    expect(await resolver.resolveMany(all, 0)).toEqual({
      addresses: new Map([
        ["a", ["192.0.2.1"]],
        ["b", []],
      ]),
      left: ["c"],
    });
    const { addresses, left } = await resolver.resolveMany(all, 1);
    expect([addresses.get("c"), left, asked()]).toEqual([["192.0.2.3"], [], 3]);
  });

  it("of attackers that DNS is silent about are not asked for by every batch; those of an allowlist are", async () => {
    const { resolver, asked } = names([new Error("timeout"), new Error("timeout"), ["192.0.2.1"]]);
    const addressesAt = async (now: number) => (await resolver.resolveMany(["a"], now)).addresses.get("a");
    expect([await addressesAt(0), await addressesAt(29), asked()]).toEqual([[], [], 1]);
    await expect(resolver.resolve("a", 0)).rejects.toThrow("timeout");
    expect([await addressesAt(29), asked()]).toEqual([[], 2]);
    expect([await addressesAt(30), asked()]).toEqual([["192.0.2.1"], 3]);
  });

  it("of attackers keep their old answer while DNS is silent", async () => {
    const { resolver } = names([["192.0.2.1"], new Error("timeout")]);
    await resolver.resolveMany(["a"], 0);
    expect((await resolver.resolveMany(["a"], 300)).addresses.get("a")).toEqual(["192.0.2.1"]);
  });
});

describe("a file: list of ignoreip", () => {
  it("is read once, with comments left out, for every jail that names it", async () => {
    const read: string[] = [];
    const jails = [
      jail("web", { ignoreip: ["file:/a", "192.0.2.9"] }),
      jail("ssh", { ignoreip: ["file:/a"] }),
      jail("x"),
    ];
    const rules = await loadRules(jails, async (path) => {
      read.push(path);
      return "# office\n198.51.100.0/24, 198.51.101.1 ; and home\n\nHome.Test # x\nfile:/b 999.1.1.1";
    });
    expect(read).toEqual(["/a"]);
    expect(rules.get("web")!.ignore).toEqual({
      targets: ["192.0.2.9", "198.51.100.0/24", "198.51.101.1"],
      names: ["home.test"],
      files: ["/a"],
      unknown: ["999.1.1.1", "file:/b"],
    });
    expect(rules.get("ssh")!.ignore.targets.length).toBe(2);
    expect(rules.get("x")!.ignore.targets.length).toBe(0);
  });

  it("that cannot be read stops the start: half an allowlist is none", async () => {
    const rules = loadRules([jail("web", { ignoreip: ["file:/a"] })], () => Promise.reject(new Error("EACCES")));
    await expect(rules).rejects.toThrow("EACCES");
  });
});

describe("waiting for a row", () => {
  it("doubles up to two seconds, by a random share", () => {
    expect([1, 2, 3, 6, 7, 50].map((attempt) => waitBefore(attempt, 0.5))).toEqual([20, 40, 80, 640, 1000, 1000]);
    expect(waitBefore(5, 0)).toBe(0);
  });

  it("waits between attempts only, and ends with what to do", async () => {
    const waits: number[] = [];
    const attempts = retryConflicts(
      "the row",
      async (attempt) => void waits.push(attempt),
      async () => "conflict",
    );
    await expect(attempts).rejects.toMatchObject({
      code: "too-busy",
      message: expect.stringContaining("the row"),
      next: expect.any(String),
    });
    expect(waits.length).toBe(9);
  });
});
