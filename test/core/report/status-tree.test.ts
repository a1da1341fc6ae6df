import { describe, expect, it } from "vitest";
import { parseIp } from "../../../shared/core/address.ts";
import type { JailFigures } from "../../../shared/core/report/jail-figures.ts";
import { formatAllStatus, formatJailStatus, formatStatus } from "../../../shared/core/report/status-tree.ts";

const figures = (name: string, banned: string[]): JailFigures => ({
  name,
  filter: { currentlyFailed: 1, totalFailed: 5, files: ["A", "B"] },
  actions: { currentlyBanned: banned.length, totalBanned: 3, banned: banned.map((text) => parseIp(text)!) },
});

// `status --all` is newer than the Fail2Ban that Debian 12 packages, so its shape stands here in full.
describe("the tree of status --all", () => {
  it("hangs each jail under the overview, the last one without a trunk", () => {
    expect(formatAllStatus([figures("inc", []), figures("sshd", ["192.0.2.1", "2001:db8::1"])])).toBe(
      [
        "Status",
        "|- Number of jail:\t2",
        "|- Jail list:\tinc, sshd",
        "`- Status for the jails:",
        "   |- Jail: inc",
        "   |  |- Filter",
        "   |  |  |- Currently failed:\t1",
        "   |  |  |- Total failed:\t5",
        "   |  |  `- File list:\tA B",
        "   |  `- Actions",
        "   |     |- Currently banned:\t0",
        "   |     |- Total banned:\t3",
        "   |     `- Banned IP list:\t",
        "   `- Jail: sshd",
        "      |- Filter",
        "      |  |- Currently failed:\t1",
        "      |  |- Total failed:\t5",
        "      |  `- File list:\tA B",
        "      `- Actions",
        "         |- Currently banned:\t2",
        "         |- Total banned:\t3",
        "         `- Banned IP list:\t192.0.2.1 2001:db8::1",
      ].join("\n"),
    );
  });

  it("is the overview alone where there is no jail", () => {
    expect(formatAllStatus([])).toBe("Status\n|- Number of jail:\t0\n`- Jail list:\t");
  });

  it.each([
    { name: "sorts the names by code point, capitals first", jails: ["b", "a", "Z"], list: "Z, a, b" },
    { name: "keeps one name as it is", jails: ["sshd"], list: "sshd" },
  ])("$name", ({ jails, list }) => expect(formatStatus(jails).split("\t").at(-1)).toBe(list));

  it("shows one jail's branches without the overview", () => {
    expect(formatJailStatus(figures("sshd", [])).split("\n")).toHaveLength(9);
  });
});
