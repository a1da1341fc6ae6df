import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contains, parseIp, parseNetwork } from "../../shared/core/address.ts";

describe("an address", () => {
  it.each([
    ["192.0.2.3", "192.0.2.3"],
    ["2001:DB8::0:1", "2001:db8::1"],
    ["2001:db8:1:2::10:5733", "2001:db8:1:2:0:0:10:5733"],
    ["::ffff:192.0.2.3", "192.0.2.3"],
    ["::ffff:c000:203", "192.0.2.3"],
    ["0:0:0:0:0:FFFF:192.0.2.3", "192.0.2.3"],
    ["::", "::"],
  ])("%s is %s", (text, expected) => {
    const [left, right] = [parseIp(text), parseIp(expected)];
    expect(left).toBeDefined();
    expect(left).toBe(right);
  });

  it.each([
    "999.1.1.1",
    "01.2.3.4",
    "010.0.0.1",
    "1.2.3",
    "0x7f.1",
    "1:2",
    "11:59:59",
    "fe80::1%eth0",
    "",
    " 1.2.3.4",
    "1.2.3.4\n",
    "localhost",
  ])("%j is none", (text) => expect(parseIp(text)).toBeUndefined());

  it("is canonical: parsing it again changes nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const once = parseIp(text);
        if (isIP(text) === 0 || text.includes("%")) return once === undefined;
        return once !== undefined && isIP(once) !== 0 && parseIp(once) === once;
      }),
    );
  });

  it("is never made of text that the platform does not take for one", () => {
    fc.assert(fc.property(fc.string(), (text) => isIP(text) !== 0 || parseIp(text) === undefined));
  });
});

describe("a network", () => {
  it.each([
    ["10.10.10.1/16", "10.10.0.0/16"],
    ["10.0.0.1/255.255.0.0", "10.0.0.0/16"],
    ["192.0.2.3/32", "192.0.2.3"],
    ["192.0.2.3/255.255.255.255", "192.0.2.3"],
    ["192.0.2.3/0.0.0.0", "0.0.0.0/0"],
    ["2001:db8::5/32", "2001:db8::/32"],
    ["::ffff:10.1.1.1/112", "10.1.0.0/16"],
    ["::/0", "::/0"],
    ["192.0.2.3", "192.0.2.3"],
  ])("%s is %s", (text, expected) => expect(parseNetwork(text)).toBe(expected));

  it.each([
    "10.0.0.1/255.0.255.0",
    "1.2.3.4/33",
    "1.2.3.4/",
    "1.2.3.4/-1",
    "::1/129",
    "::/255.0.0.0",
    "x/8",
    "1.2.3.4/8/8",
  ])("%j is none", (text) => expect(parseNetwork(text)).toBeUndefined());

  it.each([
    ["10.10.0.0/16", "10.10.200.1", true],
    ["10.10.0.0/16", "10.11.0.0", false],
    ["10.10.0.0/16", "10.10.4.0/24", true],
    ["10.10.4.0/24", "10.10.0.0/16", false],
    ["0.0.0.0/0", "::1", false],
    ["::/0", "2001:db8::1", true],
    ["192.0.2.3", "192.0.2.3", true],
  ])("%s contains %s: %s", (outer, inner, expected) =>
    expect(contains(parseNetwork(outer)!, parseNetwork(inner)!)).toBe(expected),
  );
});
