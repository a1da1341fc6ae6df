/** The host script's reading of addresses, by itself: what it takes for one, the core takes for the very same. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNetwork } from "../../shared/core/address.ts";
import { refusalOf } from "../../shared/core/firewall/enforceable.ts";
import { SEED } from "../support/seed.ts";

/** The awk that target_of needs, and nothing that acts. */
const FOLDER = join(import.meta.dirname, "../../shared/contract/host-script");
const PROGRAM = readdirSync(FOLDER)
  .map((name) => readFileSync(join(FOLDER, name), "utf8"))
  .filter((text) => /^function (target_of|two)\(/m.test(text))
  .join("\n");

/** What awk makes of each word: the target, or "" for none. */
function readByHost(words: readonly string[]): readonly string[] {
  const printed = execFileSync(
    "awk",
    [
      `${PROGRAM}
{ print target_of($0) }`,
    ],
    { input: `${words.join("\n")}\n`, encoding: "utf8" },
  );
  return printed.split("\n").slice(0, -1);
}

const octet = fc.oneof(fc.nat(300).map(String), fc.constantFrom("", "00", "01", "1e1", "0x1"));
const v4 = fc.array(octet, { minLength: 3, maxLength: 5 }).map((parts) => parts.join("."));
const group = fc.oneof(
  fc.nat(0xffff).map((value) => value.toString(16)),
  fc.constantFrom("0", "", "00", "fffff", "G"),
);
const v6 = fc.array(group, { minLength: 2, maxLength: 9 }).map((parts) => parts.join(":"));
const length = fc.option(fc.oneof(fc.nat(130).map(String), fc.constantFrom("", "08", "-1")), { nil: undefined });
const address = fc
  .tuple(fc.oneof(v4, v6, fc.ipV4(), fc.ipV6()), length)
  .map(([text, bits]) => (bits === undefined ? text : `${text}/${bits}`));
/** An address with something behind it, before it or in it: what a shell, ipset or nft would read as more. */
const MORE = [";id", "$(id)", "`id`", "'", '"', "\\", " -exist", "-192.0.2.9", ",tcp:80", "x", "%eth0", "{", "|", "&"];
const spoilt = fc
  .tuple(address, fc.constantFrom(...MORE), fc.nat(60))
  .map(([text, more, at]) => text.slice(0, at) + more + text.slice(at));

describe("the host script's reading of an address", () => {
  it("takes nothing but what the core has as canonical and would send", () => {
    const words = fc.array(fc.oneof(address, spoilt), { minLength: 400, maxLength: 400 });
    let taken = 0;
    fc.assert(
      fc.property(words, (given) => {
        for (const [nth, target] of readByHost(given).entries()) {
          if (target === "") continue;
          taken += 1;
          expect(target).toBe(parseNetwork(given[nth]!));
          expect(refusalOf(target as never)).toBeUndefined();
        }
      }),
      { seed: SEED, numRuns: 10, endOnFailure: true },
    );
    expect(taken).toBeGreaterThan(30);
  });

  it("takes what the core would send", () => {
    const given = fc.sample(fc.oneof(fc.ipV4(), fc.ipV6(), address), { numRuns: 4_000, seed: SEED ?? 1 });
    const sent = given.flatMap((word) => {
      const target = parseNetwork(word);
      return target === undefined || refusalOf(target) !== undefined ? [] : [target];
    });
    expect(sent.length).toBeGreaterThan(1_000);
    expect(readByHost(sent)).toEqual(sent);
  });

  it.each(MORE)("takes no address with %s behind it", (more) => {
    expect(readByHost([`192.0.2.1${more}`, `2001:db8::1${more}`, `192.0.2.0/24${more}`])).toEqual(["", "", ""]);
  });
});
