/** `%(name)s`: what it finds, and what it refuses. */
import { describe, expect, it } from "vitest";
import { compile, jailOf, told, tree } from "./compile.ts";
import { judged } from "./judged.ts";
import type { Tree } from "./oracle.ts";

const { show, agree } = judged();
const regexes = (files: Tree, name = "j") => jailOf(files, name).filter.failregex.map(({ text }) => text);

/** a1 refers to a2 and so on; the last one ends it. */
function levels(count: number): string {
  const values = Array.from({ length: count }, (_, index) => (index + 1 < count ? `%(a${index + 2})s` : "end"));
  return values.map((value, index) => `a${index + 1} = ${value}\n`).join("");
}

describe("interpolation", () => {
  it.each([
    {
      name: "in the section that asks",
      jail: "x = own\nfailregex = %(y)s\n[DEFAULT]\nx = default\ny = <%(x)s>",
      expected: ["<own>"],
    },
    { name: "with %% for a percent sign", jail: "failregex = 100%%", expected: ["100%"] },
    { name: "with the name of the section", jail: "failregex = %(__name__)s", expected: ["j"] },
    { name: "whatever the case of a name", jail: "Foo = 1\nfailregex = %(FOO)s", expected: ["1"] },
    {
      name: "from another section, in the context of this one",
      jail: "a = mine\nfailregex = %(other/x)s\n[other]\na = theirs\nx = %(a)s",
      expected: ["mine"],
    },
    { name: "from [DEFAULT] by name", jail: "x = own\nfailregex = %(default/x)s\n[DEFAULT]\nx = d", expected: ["d"] },
    { name: "ten deep", jail: `${levels(10)}failregex = %(a1)s`, expected: ["end"] },
    {
      name: "of what the filter says",
      jail: "failregex = %(known/failregex)s\n  more",
      expected: ["^<HOST>$", "more"],
    },
    {
      name: "of what the files of the jail said before",
      more: { "jail.d/z.local": "[j]\nfailregex = %(known/x)s\nx = new" },
      jail: "x = old",
      expected: ["old"],
    },
    {
      name: "of a value with several lines",
      jail: "x = a\n  b\nfailregex = 1%(x)s2\n  c",
      expected: ["1a", "b2", "c"],
    },
  ])("works $name", ({ jail, expected, more }) => expect(regexes(show(tree(jail, more)))).toEqual(expected));

  it.each([
    { name: "a lone %", jail: "failregex = 100%", place: "jail.local:6" },
    { name: "a lone % on a later line", jail: "failregex = a\n  # c\n  b%c", place: "jail.local:8" },
    { name: "an unknown name", jail: "failregex = %(nosuch)s", place: "jail.local:6" },
    { name: "an unknown section", jail: "failregex = %(nosuch/x)s", place: "jail.local:6" },
    {
      name: "a name in the wrong case after a slash",
      jail: "failregex = %(other/X)s\n[other]\nX = 1",
      place: "jail.local:6",
    },
    { name: "an unclosed reference", jail: "failregex = %(x", place: "jail.local:6" },
    { name: "eleven levels", jail: `${levels(11)}failregex = %(a1)s`, place: "jail.local:15" },
    { name: "a value that is itself", jail: "x = %(x)s\nfailregex = %(x)s", place: "jail.local:6" },
    {
      name: "known/ over three files",
      jail: "x = 1\nfailregex = %(x)s",
      more: { "jail.d/a.local": "[j]\nx = %(known/x)s", "jail.d/b.local": "[j]\nx = %(known/x)s" },
      place: "jail.d/a.local:2",
    },
    { name: "known/ within [DEFAULT]", jail: "failregex = %(x)s\n[DEFAULT]\nx = %(known/x)s", place: "jail.local:8" },
    { name: "a lone % in the filter of a disabled jail", jail: "[k]\nfilter = 5%", place: "jail.local:7" },
  ])("refuses everything for $name", ({ jail, place, more }) => {
    const compiled = compile(show(tree(`${jail}\n`, more)));
    expect(compiled.jails).toEqual([]);
    expect(told(compiled)).toContain(`error bad-interpolation ${place}`);
  });

  it("does not mind a lone % that nobody reads", () => expect(jailOf(show(tree("unread = 5%"))).name).toBe("j"));

  it("extends a filter's regexes in its .local", () => {
    const files = show(tree("", { "filter.d/f.local": "[Definition]\nfailregex = %(known/failregex)s\n  ^local$\n" }));
    expect(jailOf(files).filter.failregex).toEqual([
      { text: "^<HOST>$", place: { file: "filter.d/f.conf", line: 2 } },
      { text: "^local$", place: { file: "filter.d/f.local", line: 3 } },
    ]);
  });
});

agree();
