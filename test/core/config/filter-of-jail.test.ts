/** What a filter says and its jail says instead. */
import { describe, expect, it } from "vitest";
import { jailOf, tree, WITH_ARGUMENTS } from "./compile.ts";
import { judged } from "./judged.ts";
import type { Tree } from "./oracle.ts";

const { show, agree } = judged();
const regexes = (files: Tree, name = "j") => jailOf(files, name).filter.failregex.map(({ text }) => text);
/** A filter f with these lines in [Definition]. */
const filter = (lines: string, more: Tree = {}): Tree =>
  tree("", { "filter.d/f.conf": `[Definition]\n${lines}`, ...more });

describe("a jail and its filter", () => {
  it.each([
    { name: "failregex", jail: "failregex = j", expected: ["j"] },
    {
      name: "failregex, next to an argument",
      jail: "failregex = j",
      argument: "[failregex=arg]",
      expected: ["arg", "j"],
    },
  ])("the jail's own $name", ({ jail, argument = "", expected }) => {
    const lines = WITH_ARGUMENTS.replace("FILTER", `filter = f${argument}\n${jail}`);
    expect(regexes(show(tree("", { "jail.local": lines })))).toEqual(expected);
  });

  it("takes all that a filter may say", () => {
    const lines =
      "failregex = a\n\n  b\nignoreregex = c\nprefregex = ^p<F-CONTENT>.*</F-CONTENT>\ndatepattern = ^%%Y\n  {NONE}\nmaxlines = 3\njournalmatch = A=1 + B=2\nusedns = no\n";
    const at = (line: number) => ({ file: "filter.d/f.conf", line });
    const jail = jailOf(show(filter(lines)));
    expect(jail.usedns).toBe("no");
    expect(jail.filter).toEqual({
      name: "f",
      failregex: [
        { text: "a", place: at(2) },
        { text: "b", place: at(4) },
      ],
      ignoreregex: [{ text: "c", place: at(5) }],
      prefregex: { text: "^p<F-CONTENT>.*</F-CONTENT>", place: at(6) },
      datepattern: [
        { text: "^%Y", place: at(7) },
        { text: "{NONE}", place: at(8) },
      ],
      maxlines: 3,
      journalmatch: ["A=1 + B=2"],
    });
  });

  it("lets the jail say it instead", () => {
    const lines = "failregex = a\nmaxlines = 3\nusedns = no\nprefregex = x\ndatepattern = d\nignoreregex = c\n";
    const jail = "ignoreregex =\nmaxlines = 5\nusedns = raw\nprefregex =\ndatepattern = e\n";
    const { filter: own, usedns } = jailOf(show(tree(jail, { "filter.d/f.conf": `[Definition]\n${lines}` })));
    expect([usedns, own.maxlines, own.prefregex, own.ignoreregex]).toEqual(["raw", 5, undefined, []]);
    expect(own.datepattern.map(({ text }) => text)).toEqual(["e"]);
  });

  it("lets arguments go before the jail, but for the datepattern", () => {
    const lines = `filter = f[usedns=no, maxlines=3, prefregex=a, datepattern=d]\nusedns = raw\nmaxlines = 5\nprefregex = b\ndatepattern = e`;
    const { filter: own, usedns } = jailOf(show(tree("", { "jail.local": WITH_ARGUMENTS.replace("FILTER", lines) })));
    expect([usedns, own.maxlines, own.prefregex?.text]).toEqual(["no", 3, "a"]);
    expect(own.datepattern.map(({ text }) => text)).toEqual(["e"]);
  });

  it("needs no filter if it has a failregex", () => {
    expect(
      regexes(show({ "jail.local": "[j]\nenabled = true\nfailregex = x\nlogpath = /l\naction = iptables\n" })),
    ).toEqual(["x"]);
  });
});

agree();
