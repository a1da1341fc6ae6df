import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contains, parseIp, parseNetwork, type Target } from "../../../shared/core/address.ts";
import { createIgnoreList, parseIgnoreWords } from "../../../shared/core/detect/ignore.ts";
import { createNeverBan } from "../../../shared/core/detect/never-ban.ts";

const list = (...words: string[]) => createIgnoreList(parseIgnoreWords(words).targets);
const target = (text: string): Target => parseNetwork(text)!;

describe("ignoreip", () => {
  it.each([
    {
      words: ["127.0.0.0/8 10.10.10.1/16"],
      in: ["127.1.2.3", "10.10.255.255", "10.10.10.0/24"],
      out: ["10.11.0.1", "10.0.0.0/8", "::ffff:0:0/96"],
    },
    { words: ["192.0.2.0/255.255.255.0"], in: ["192.0.2.255"], out: ["192.0.3.0"] },
    {
      words: ["2001:db8::1/32", "[2001:db9::5]"],
      in: ["2001:db8:ffff::1", "2001:db9::5"],
      out: ["2001:db9::6", "32.1.13.184"],
    },
    {
      words: ["::ffff:192.0.2.7", "[2001:dba::]/33"],
      in: ["192.0.2.7", "2001:dba::1"],
      out: ["192.0.2.8", "2001:dba:8000::"],
    },
    { words: ["0.0.0.0/0"], in: ["1.2.3.4", "0.0.0.0/0"], out: ["::1"] },
    { words: ["::/0"], in: ["::1", "2001:db8::/32"], out: ["1.2.3.4"] },
    { words: ["192.0.2.1,192.0.2.2\n192.0.2.3"], in: ["192.0.2.1", "192.0.2.2", "192.0.2.3"], out: ["192.0.2.4"] },
    { words: ["192.0.2.1/32", "2001:db8::1/128"], in: ["192.0.2.1", "2001:db8::1"], out: ["192.0.2.0/31"] },
    { words: [], in: [], out: ["192.0.2.1", "::1", "192.0.2.0/24"] },
  ])("$words", ({ words, in: inside, out }) => {
    const ignored = list(...words);
    expect(inside.filter((text) => !ignored.covers(target(text)))).toEqual([]);
    expect(out.filter((text) => ignored.covers(target(text)))).toEqual([]);
  });

  it("tells names, files and nonsense apart", () => {
    expect(
      parseIgnoreWords([
        "Office.Example.org",
        "localhost",
        "file:/etc/allow",
        "#",
        "1.2.3",
        "1.2.3.4/99",
        "999.1.1.1",
        "a..b",
        "a_b.c",
      ]),
    ).toEqual({
      targets: [],
      names: ["office.example.org", "localhost", "a_b.c"],
      files: ["/etc/allow"],
      unknown: ["#", "1.2.3", "1.2.3.4/99", "999.1.1.1", "a..b"],
    });
  });

  it("covers what one of its networks contains, as a walk over all of them finds it", () => {
    const octets = fc.array(fc.nat(3), { minLength: 4, maxLength: 4 });
    const anyTarget = fc.oneof(
      fc.tuple(octets, fc.nat(32)).map(([parts, length]) => target(`${parts.join(".")}/${length}`)),
      fc
        .tuple(fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }), fc.nat(128))
        .map(([parts, length]) => target(`${parts.join(":")}/${length}`)),
    );
    fc.assert(
      fc.property(fc.array(anyTarget, { maxLength: 12 }), anyTarget, (entries, asked) => {
        const ignored = createIgnoreList(entries);
        expect(ignored.covers(asked)).toBe(entries.some((entry) => contains(entry, asked)));
        expect(ignored.touches(asked)).toBe(entries.some((entry) => contains(entry, asked) || contains(asked, entry)));
      }),
      { numRuns: 500 },
    );
  });

  it("does not walk its entries: a hundred times the entries take about the same time", () => {
    const networks = (count: number) => Array.from({ length: count }, (_, n) => target(`10.${n >> 8}.${n & 255}.0/24`));
    const asked = Array.from({ length: 20_000 }, (_, n) => parseIp(`11.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)!);
    const time = (count: number) => {
      const ignored = createIgnoreList(networks(count));
      const runs = Array.from({ length: 5 }, () => {
        const start = performance.now();
        for (const each of asked) ignored.covers(each);
        return performance.now() - start;
      });
      return Math.min(...runs);
    };
    time(100);
    expect(time(10_000) / time(100)).toBeLessThan(10);
  });
});

describe("the never-ban list", () => {
  const neverBan = createNeverBan([target("203.0.113.9"), target("2001:db8::9")], [target("172.31.0.0/16")]);

  it.each([
    ["0.0.0.0", "unspecified"],
    ["::", "unspecified"],
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["::1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["169.254.169.254", "link-local"],
    ["fe80::1", "link-local"],
    ["224.0.0.251", "multicast"],
    ["ff02::1", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["203.0.113.9", "own"],
    ["2001:db8::9", "own"],
    ["203.0.113.0/24", "own"],
    ["172.31.7.1", "protected"],
    ["172.31.7.0/24", "protected"],
    ["172.16.0.0/12", "protected"],
    ["0.0.0.0/0", "unspecified"],
    ["::/0", "unspecified"],
    ["126.0.0.0/7", "loopback"],
    ["64.0.0.0/7", "too-wide"],
    ["240.0.0.1", "never-a-client"],
  ])("refuses %s: %s", (text, reason) => expect(neverBan.reason(target(text))).toBe(reason));

  it.each(["203.0.113.8", "172.32.0.1", "8.8.8.8", "2001:db8::8", "2001:db8:1::/48", "10.0.0.1"])(
    "lets %s be banned",
    (text) => expect(neverBan.reason(target(text))).toBeUndefined(),
  );
});
