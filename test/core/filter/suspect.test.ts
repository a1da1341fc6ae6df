/** Who failed, by what the groups hold; random-filters.test.ts holds the same against Fail2Ban. */
import { describe, expect, it } from "vitest";
import type { UseDns } from "../../../shared/core/config/model.ts";
import { join } from "../../../shared/core/filter/examine.ts";
import { type Groups, identify } from "../../../shared/core/filter/suspect.ts";

const address = (id: string) => ({ kind: "address", id });
const refused = (text: string) => ({ kind: "refused", text });

describe("a suspect", () => {
  it.each<{ groups: Groups; usedns?: UseDns; expected: object }>([
    { groups: { ip4: "192.0.2.1", dns: "x" }, expected: address("192.0.2.1") },
    { groups: { ip6: "2001:DB8::1", cidr: "32" }, expected: address("2001:db8::/32") },
    { groups: { fid: "192.0.2.2", ip4: "192.0.2.1" }, expected: address("192.0.2.2") },
    { groups: { fid: "[2001:db8::1]" }, expected: address("2001:db8::1") },
    { groups: { fid: "[192.0.2.1]" }, usedns: "raw", expected: refused("[192.0.2.1]") },
    { groups: { fid: "192.0.2.1", dns: "host.example" }, expected: { kind: "name", name: "host.example" } },
    { groups: { fid: "192.0.2.1", dns: "host.example" }, usedns: "no", expected: refused("host.example") },
    { groups: { fid: "192.0.2.1", dns: "host.example" }, usedns: "raw", expected: address("192.0.2.1") },
    { groups: { ip4: "[192.0.2.1]" }, expected: refused("[192.0.2.1]") },
    { groups: {}, expected: refused("") },
  ])("of $groups with usedns $usedns", ({ groups, usedns = "warn", expected }) => {
    expect(identify(groups, usedns)).toEqual(expected);
  });

  it("is not the prefregex's where the failregex asks again and finds none", () => {
    const groups = join({ ip4: "192.0.2.1", user: "eve" }, { ip4: undefined, dns: "host.example" });
    expect(groups.user).toBe("eve");
    expect(identify(groups, "warn")).toEqual({ kind: "name", name: "host.example" });
  });
});
