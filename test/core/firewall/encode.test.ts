import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changesLimit } from "../../../shared/contract/host-document.ts";
import { parseNetwork, type Target } from "../../../shared/core/address.ts";
import type { HostBan, HostChange, JailFirewall } from "../../../shared/core/firewall/change.ts";
import { digestOf } from "../../../shared/core/firewall/digest.ts";
import { encodeChanges, encodeFullList, hostKey, WIRE_PATTERN } from "../../../shared/core/firewall/encode.ts";
import { refusalOf } from "../../../shared/core/firewall/enforceable.ts";

const target = (text: string) => parseNetwork(text) as Target;
const FIREWALL: JailFirewall = {
  revision: 3,
  hooks: ["FORWARD", "INPUT"],
  rules: [
    {
      protocol: "tcp",
      ports: [
        { first: 80, last: 80 },
        { first: 8000, last: 8010 },
      ],
      block: "reject",
    },
    { protocol: "udp", ports: "all", block: "drop" },
  ],
};
const ban = (jail: string, text: string, over: Partial<HostBan> = {}): HostBan => ({
  kind: "ban",
  jail,
  target: target(text),
  expiresAt: 1_763_232_000_001,
  generation: 7,
  firewall: FIREWALL,
  ...over,
});
const unban = (jail: string, text: string): HostChange => ({
  kind: "unban",
  jail,
  target: target(text),
  generation: 8,
});

describe("encoded changes", () => {
  it("are lines that people can read", () => {
    const changes = [
      unban("zz", "192.0.2.9"),
      ban("web", "2001:db8::1", { expiresAt: undefined }),
      ban("web", "192.0.2.3"),
    ];
    expect(encodeChanges(changes)).toEqual({
      refused: [],
      chunks: [
        [
          "fleet2ban 1",
          "j f2b-web 3 FORWARD,INPUT",
          "p tcp 80,8000:8010 reject",
          "p udp all drop",
          "t 1763232001 7",
          "b 192.0.2.3",
          "b 2001:db8::1 - 0",
          "j f2b-zz",
          "t 0 8",
          "u 192.0.2.9",
          "end 9",
          "",
        ].join("\n"),
      ],
    });
    expect(encodeChanges([]).chunks).toEqual(["fleet2ban 1\nend 0\n"]);
    expect(encodeFullList([ban("web", "192.0.2.3")], undefined, 5999).chunks[0]).toMatch(
      /^fleet2ban 1\nr - - 5\nj f2b-web .*\n(.*\n){4}end 6\n$/,
    );
    expect(encodeFullList([]).chunks).toEqual(["fleet2ban 1\nr - -\nend 1\n"]);
  });

  it("of one moment share their times, so that a command carries two thousand", () => {
    const many = Array.from({ length: 2_000 }, (_, n) => ban("web", `198.18.${n >> 8}.${n & 255}`));
    expect(encodeChanges(many, changesLimit(30_000)).chunks).toHaveLength(1);
  });

  it("carry the newest edition of a jail's rules", () => {
    const old = { ...FIREWALL, revision: 2, hooks: ["INPUT"] };
    for (const pair of [
      [FIREWALL, old],
      [old, FIREWALL],
    ]) {
      const changes = pair.map((firewall, i) => ban("web", `192.0.2.${i}`, { firewall }));
      expect(encodeChanges(changes).chunks[0]).toContain("j f2b-web 3 FORWARD,INPUT\n");
    }
  });

  it("leave out what every host refuses, and say so", () => {
    const changes = [ban("web", "127.0.0.1"), ban("web", "2000::/3"), ban("web", "192.0.2.1"), unban("web", "fe80::1")];
    const { chunks, refused } = encodeChanges(changes);
    expect(chunks.join()).toContain("b 192.0.2.1\n");
    expect(refused.map(({ change, refusal }) => [change.target, refusal])).toEqual([
      ["127.0.0.1", "never-a-client"],
      ["2000::/3", "too-wide"],
      ["fe80::1", "never-a-client"],
    ]);
  });

  it.each([
    { name: "a fraction", over: { generation: 1.5 } },
    { name: "a negative number", over: { generation: -1 } },
    { name: "more digits than an awk holds", over: { generation: 1e15 } },
    { name: "no number", over: { generation: Number.NaN } },
    { name: "an endless time", over: { expiresAt: Number.POSITIVE_INFINITY } },
  ])("refuse $name", ({ over }) => expect(() => encodeChanges([ban("web", "192.0.2.1", over)])).toThrow(RangeError));

  it("refuse a limit in which no change fits", () =>
    expect(() => encodeChanges([ban("web", "192.0.2.1")], 60)).toThrow(RangeError));

  const address = fc
    .oneof(fc.ipV4(), fc.ipV6())
    .map((text) => parseNetwork(text))
    .filter((text): text is Target => text !== undefined && refusalOf(text) === undefined);
  const change: fc.Arbitrary<HostChange> = fc
    .record({
      jail: fc.oneof(fc.constantFrom("a", "a-b", "a.b", "web"), fc.string({ maxLength: 40 })),
      address,
      generation: fc.nat(),
      kind: fc.constantFrom("ban", "unban"),
      expiresAt: fc.option(fc.nat({ max: 2e12 }), { nil: undefined }),
    })
    .map(({ jail, address: text, generation, kind, expiresAt }) =>
      kind === "ban" ? ban(jail, text, { generation, expiresAt }) : { kind: "unban", jail, target: text, generation },
    );

  it("fit the limit, keep to the pattern, and lose nothing", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.integer({ min: 280, max: 3000 }), (changes, limit) => {
        const { chunks } = encodeChanges(changes, limit);
        for (const chunk of chunks) {
          expect(chunk.length).toBeLessThanOrEqual(limit);
          expect(chunk).toMatch(new RegExp(WIRE_PATTERN));
        }
        expect(
          chunks
            .flatMap(read)
            .map(({ line }) => line)
            .sort(),
        ).toEqual(changes.map(lineOf).sort());
      }),
    );
  });

  it("as a full list divide the keys among the chunks", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.integer({ min: 450, max: 3000 }), (changes, limit) => {
        const bans = changes.filter((item): item is HostBan => item.kind === "ban");
        const { chunks } = encodeFullList(bans, limit, 1_763_232_000_000);
        const ranges = chunks.map((chunk) => /^r (\S+) (\S+) \d+$/m.exec(chunk)?.slice(1) ?? []);
        expect(ranges.flat()[0]).toBe("-");
        expect(ranges.flat().at(-1)).toBe("-");
        for (const [i, [from]] of ranges.slice(1).entries()) expect(from).toBe(ranges[i]?.[1]);
        for (const [i, chunk] of chunks.entries()) {
          expect(chunk.length).toBeLessThanOrEqual(limit);
          const [from = "-", to = "-"] = ranges[i] ?? [];
          for (const { key } of read(chunk))
            expect((from === "-" || key >= from) && (to === "-" || key <= to)).toBe(true);
        }
      }),
    );
  });
});

/** The changes of a chunk as a host reads them: each belongs to the last jail, and its times count from the last ones told. */
function read(chunk: string): { key: string; line: string }[] {
  let chain = "";
  let since: readonly [number, number] = [0, 0];
  return chunk.split("\n").flatMap((line) => {
    const [word, target, ...times] = line.split(" ");
    if (word === "j") [chain, since] = [target ?? "", [0, 0]];
    if (word === "t") since = [Number(target), Number(times[0])];
    if (word !== "b" && word !== "u") return [];
    const generation = since[1] + Number(times.at(-1) ?? 0);
    const expiry = word === "u" ? "" : times[0] === "-" ? "0 " : `${since[0] + Number(times[0] ?? 0)} `;
    return [{ key: `${chain},${target}`, line: `${chain} ${word} ${target} ${expiry}${generation}` }];
  });
}

function lineOf(change: HostChange): string {
  const chain = hostKey(change.jail, "").slice(0, -1);
  if (change.kind === "unban") return `${chain} u ${change.target} ${change.generation}`;
  const expiry = change.expiresAt === undefined ? 0 : Math.max(1, Math.ceil(change.expiresAt / 1000));
  return `${chain} b ${change.target} ${expiry} ${change.generation}`;
}

describe("the digest", () => {
  it("is POSIX cksum's of the sorted bans that stand", () => {
    const one = fc.record({
      jail: fc.constantFrom("a", "a-b", "web"),
      n: fc.nat(255),
      seconds: fc.integer({ min: 900, max: 1100 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(one, { maxLength: 30, selector: ({ jail, n }) => `${jail} ${n}` }), (list) => {
        const bans = list.map(({ jail, n, seconds }) => ({
          jail,
          target: target(`192.0.2.${n}`),
          expiresAt: seconds * 1000,
        }));
        const text = list
          .filter(({ seconds }) => seconds > 1000)
          .map(({ jail, n, seconds }) => `f2b-${jail} 192.0.2.${n} ${seconds}\n`)
          .sort()
          .join("");
        const sum = execFileSync("cksum", { input: text, encoding: "utf8" }).trim().replace(" ", "-");
        expect(digestOf(bans, 1_000_999)).toBe(sum);
      }),
      { numRuns: 30 },
    );
  });
});
