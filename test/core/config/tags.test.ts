/** `<tag>`: what is put in, what stays, and what is refused. */
import { describe, expect, it } from "vitest";
import { compile, jailOf, told, tree, WITH_ARGUMENTS } from "./compile.ts";
import { judged } from "./judged.ts";
import type { Tree } from "./oracle.ts";

const { show, agree } = judged();
const regexes = (files: Tree, name = "j") => jailOf(files, name).filter.failregex.map(({ text }) => text);
/** A filter f with these lines in [Definition]. */
const filter = (lines: string, more: Tree = {}): Tree =>
  tree("", { "filter.d/f.conf": `[Definition]\n${lines}`, ...more });

describe("tags", () => {
  it.each([
    { name: "are put in", lines: "failregex = <x>!\nx = 1", expected: ["1!"] },
    { name: "nest from the inside out", lines: "failregex = <a_<b>>\nb = c\na_c = deep", expected: ["deep"] },
    {
      name: "ask sections",
      lines: "failregex = <lt_<kind>/x>\nkind = file\n[lt_file]\nx = from file",
      expected: ["from file"],
    },
    {
      name: "take arguments first",
      lines: "failregex = <x>\nx = own",
      jail: "filter = f[x=given]",
      expected: ["given"],
    },
    {
      name: "take arguments in quotes",
      lines: "failregex = <x><y>",
      jail: "filter = f[x=\"a,b\", y='c]']",
      expected: ["a,bc]"],
    },
    { name: "find [Init]", lines: "failregex = <x>\n[Init]\nx = init", expected: ["init"] },
    {
      name: "prefer arguments to [Init], and know it still",
      lines: "failregex = <x> <known/x>\n[Init]\nx = init",
      jail: "filter = f[x=given]",
      expected: ["given init"],
    },
    {
      name: "stay where nothing answers",
      lines: "failregex = <HOST> <NOSRV> <F-ID>a</F-ID> <nosuch>",
      expected: ["<HOST> <NOSRV> <F-ID>a</F-ID> <nosuch>"],
    },
    { name: "are looked up in any case", lines: "failregex = <FOO>\nfoo = 1", expected: ["1"] },
    {
      name: "do not see the jail's options",
      lines: "failregex = <maxretry>",
      jail: "maxretry = 9",
      expected: ["<maxretry>"],
    },
    {
      name: "say file or journal by the backend",
      lines: "failregex = <logtype>",
      jail: "backend = systemd",
      expected: ["journal"],
    },
    {
      name: "let the filter say its own logtype",
      lines: "failregex = <logtype>\nlogtype = short",
      jail: "backend = systemd",
      expected: ["short"],
    },
    { name: "may span regexes", lines: "failregex = a<x>d\nx = 1\n  2", expected: ["a1", "2d"] },
  ])("$name", ({ lines, jail = "", expected }) => {
    const files = jail.startsWith("filter")
      ? { ...tree(""), "jail.local": WITH_ARGUMENTS.replace("FILTER", jail) }
      : tree(jail);
    expect(regexes(show({ ...files, "filter.d/f.conf": `[Definition]\n${lines}\n` }))).toEqual(expected);
  });

  it.each([
    { name: "refer to themselves", lines: "failregex = <failregex>" },
    { name: "go in a circle", lines: "failregex = <x>\nx = <y>\ny = <x>" },
  ])("refuse everything where they $name", ({ lines }) => {
    const compiled = compile(show(filter(lines)));
    expect([compiled.jails, told(compiled)[0]]).toEqual([
      [],
      expect.stringMatching(/^error recursive-tag filter\.d\/f\.conf:\d$/),
    ]);
  });

  it("do not grow without end", () => {
    const doubling = Array.from({ length: 40 }, (_, index) => `x${index} = <x${index + 1}><x${index + 1}>`).join("\n");
    expect(told(compile(filter(`failregex = <x0>\n${doubling}`)))[0]).toContain("error recursive-tag");
  });

  it.each([
    { times: 26, expected: 1 },
    { times: 27, expected: 0 },
  ])("replace one tag in one option $times times: jails left $expected", ({ times, expected }) => {
    const chain = Array.from(
      { length: times },
      (_, index) => `y${index} = <x>${index + 1 < times ? `<y${index + 1}>` : ""}`,
    );
    expect(compile(show(filter(`failregex = <y0>\nx = a\n${chain.join("\n")}\n`))).jails).toHaveLength(expected);
  });

  it("are not followed through a chain of hundreds", () => {
    const chain = Array.from({ length: 500 }, (_, index) => `x${index} = <x${index + 1}>!`).join("\n");
    expect(told(compile(filter(`failregex = <x0>\n${chain}`)))[0]).toContain("error recursive-tag");
  });

  it.each(["host = example", "f-id = x", "HOST = example"])(
    "refuse an option that would take the place of <HOST>: %s",
    (line) => {
      const compiled = compile(filter(`failregex = ^<HOST> <F-ID>a</F-ID>\n${line}`));
      expect(told(compiled)).toEqual(["error bad-value filter.d/f.conf:3 j"]);
      expect(compiled.problems[0]?.next).toContain("another name");
    },
  );

  it("refuse it as an argument too", () => {
    const jail = WITH_ARGUMENTS.replace("FILTER", "filter = f[host=example]");
    expect(told(compile(tree("", { "jail.local": jail })))).toEqual(["error bad-value jail.local:3 j"]);
  });
});

agree();
