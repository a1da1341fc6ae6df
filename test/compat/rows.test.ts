/** What `regex -o row` prints next to Fail2Ban's own command, and the configuration next to its own client: in CI, a difference fails the build. */
import { describe, expect, it } from "vitest";
import { compareConfiguration } from "../../compat/configuration.ts";
import { findInstallation } from "../../compat/corpus.ts";
import { exceptionFor } from "../../compat/exceptions.ts";
import { compareFile, compareRows } from "../../compat/rows.ts";
import { available } from "../support/require.ts";

describe("the rows of a file", () => {
  it.each([
    { name: "the same", theirs: "a b", ours: "a b", score: [2, 2], differ: [] },
    { name: "one that we lack", theirs: "a b c", ours: "a c", score: [2, 3], differ: ["2 b: no row"] },
    { name: "one that only we have", theirs: "a c", ours: "a b c", score: [2, 3], differ: ["2 no row: b"] },
    { name: "another one", theirs: "a b c", ours: "a x c", score: [2, 3], differ: ["2 b: x"] },
    { name: "more at the end", theirs: "a", ours: "a b", score: [1, 2], differ: ["1 no row: b"] },
    { name: "nothing", theirs: "a", ours: "", score: [0, 1], differ: ["1 a: no row"] },
    { name: "another order", theirs: "a b", ours: "b a", score: [1, 3], differ: ["1 no row: b", "2 b: no row"] },
  ])("$name", ({ theirs, ours, score, differ }) => {
    const words = (text: string) => text.split(" ").filter((word) => word !== "");
    const { rows, disagreements } = compareFile("own", words(theirs), words(ours));
    expect([rows.agree, rows.total]).toEqual(score);
    expect(disagreements.map(({ number, expected, got }) => `${number} ${expected}: ${got}`)).toEqual(differ);
  });

  it("may lack what is no address, and nothing else", () => {
    const lacks = (row: string) => exceptionFor(compareFile("own", [row], []).disagreements[0]!) !== undefined;
    expect(lacks("['192.030.0.6',\t1.0,\t{}],")).toBe(true);
    expect(lacks("['192.0.2.1',\t1.0,\t{'user': '192.030.0.6'}],")).toBe(false);
  });
});

describe.runIf(available(["python3", "fail2ban-regex"]))("next to the installed Fail2Ban", () => {
  it("rows of every log that has a filter are the same, but for the listed exceptions", async () => {
    const { rows, files, disagreements } = await compareRows(findInstallation(undefined));
    console.log(`${rows.agree} of ${rows.total} rows, ${files.agree} of ${files.total} files`);
    expect(disagreements.filter((each) => exceptionFor(each) === undefined)).toEqual([]);
    expect(rows.total).toBeGreaterThan(600);
    expect(files.total).toBeGreaterThan(80);
  });

  it("every jail comes to the same commands", () => {
    const { jails, differences } = compareConfiguration(findInstallation(undefined));
    expect(differences).toEqual([]);
    expect(jails.total).toBeGreaterThan(80);
  });
});
