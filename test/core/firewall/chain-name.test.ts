import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHAIN_NAME_LENGTH, chainName } from "../../../shared/core/firewall/chain-name.ts";

describe("a chain's name", () => {
  it.each([
    { jail: "sshd", chain: "f2b-sshd" },
    { jail: "haproxy-noserv", chain: "f2b-haproxy-noserv" },
    { jail: "abcdefghijklmnopqrstuvwx", chain: "f2b-abcdefghijklmnopqrstuvwx" },
    { jail: "my.site_2", chain: "f2b-my.site_2" },
  ])("of $jail is Fail2Ban's", ({ jail, chain }) => expect(chainName(jail)).toBe(chain));

  it.each([
    { name: "too long for iptables", jail: "abcdefghijklmnopqrstuvwxy", shape: /^f2b-abcdefghijklm\.[0-9a-z]{10}$/ },
    { name: "with letters that a shell minds", jail: "a b/$(c)", shape: /^f2b-a_b___c_\.[0-9a-z]{10}$/ },
    { name: "of no letters", jail: "", shape: /^f2b-\.[0-9a-z]{10}$/ },
    {
      name: "that looks hashed already",
      jail: chainName("a b").slice(4),
      shape: /^f2b-a_b\..{9}\.[0-9a-z]{10}$|^f2b-a_b\.\w{9}/,
    },
  ])("is shortened where the jail's is $name", ({ jail, shape }) => expect(chainName(jail)).toMatch(shape));

  it("fits the kernel, and differs for different jails", () => {
    // Long names that share their beginning, as "haproxy-too-many-connections-a" and "-b" do.
    const jail = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.string({ minLength: 20 }).map((end) => `haproxy-too-many-${end}`),
    );
    fc.assert(
      fc.property(jail, jail, (one, two) => {
        for (const name of [chainName(one), chainName(two)]) {
          expect(name).toMatch(/^f2b-[A-Za-z0-9_.-]+$/);
          expect(name.length).toBeLessThanOrEqual(CHAIN_NAME_LENGTH);
        }
        if (one !== two) expect(chainName(one)).not.toBe(chainName(two));
        expect(chainName(chainName(one).slice(4))).not.toBe(one === chainName(one).slice(4) ? "" : chainName(one));
      }),
      { numRuns: 2000 },
    );
  });
});
