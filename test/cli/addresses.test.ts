import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { addressesOf } from "../../cli/commands/addresses.ts";

const lines = (...texts: string[]) => Readable.from([texts.join("\n")]);

describe("addresses of a command", () => {
  it("are its words, and then nothing is read", async () => {
    expect(await addressesOf(["192.0.2.1", "no address"], lines("192.0.2.9"))).toEqual(["192.0.2.1", "no address"]);
  });

  it.each([
    { name: "one a line, IPv4 and IPv6 mixed", list: ["192.0.2.1", "2001:DB8::1", "198.51.100.7/24"] },
    { name: "with line ends of Windows", list: ["192.0.2.1\r", "2001:db8::1\r", "198.51.100.0/24\r"] },
    {
      name: "with comments, blank lines and blanks",
      list: ["# list", "", "  192.0.2.1 # a", "2001:db8::1;b", "; x", "\t198.51.100.0/24 ; SBL1", ""],
    },
  ])("are lines $name", async ({ list }) => {
    expect(await addressesOf(["-"], lines(...list))).toEqual(["192.0.2.1", "2001:db8::1", "198.51.100.0/24"]);
  });

  it("are none at all where a line is none, and each such line is named", async () => {
    const list = ["192.0.2.1", "999.1.1.1", "# 1", "192.0.2.2 192.0.2.3", "$(id)"];
    await expect(addressesOf(["-"], lines(...list))).rejects.toMatchObject({
      message: 'neither an address nor a network: line 2: "999.1.1.1", line 4: "192.0.2.2 192.0.2.3", line 5: "$(id)"',
      exitCode: 255,
    });
    const many = Array.from({ length: 25 }, () => "x");
    await expect(addressesOf(["-"], lines(...many))).rejects.toThrow(/line 10: "x" and 15 more$/);
  });

  it.each([
    { name: "an empty list", words: ["-"], list: ["# nothing"], message: "standard input has no address" },
    { name: "a list beside words", words: ["192.0.2.1", "-"], list: ["192.0.2.2"], message: /stands alone$/ },
  ])("are refused for $name", async ({ words, list, message }) => {
    await expect(addressesOf(words, lines(...list))).rejects.toMatchObject({
      message: expect.stringMatching(message),
      exitCode: 2,
    });
  });
});
