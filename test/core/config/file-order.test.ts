/** Which files are read, in which order, and what of them holds. */
import { describe, expect, it } from "vitest";
import { FILTER, jailOf, tree } from "./compile.ts";
import { judged } from "./judged.ts";
import type { Tree } from "./oracle.ts";

const { show, agree } = judged();
const regexes = (files: Tree, name = "j") => jailOf(files, name).filter.failregex.map(({ text }) => text);

describe("files and their order", () => {
  const jail = "[j]\nenabled = true\nfilter = f\n";
  const order = ["jail.conf", "jail.d/a.conf", "jail.d/b.conf", "jail.local", "jail.d/a.local", "jail.d/b.local"];
  it.each(order.map((_, last) => ({ present: order.slice(0, last + 1) })))(
    "$present: the last one wins",
    ({ present }) => {
      const files = Object.fromEntries(present.map((path, index) => [path, `${jail}maxretry = ${index + 1}\n`]));
      expect(jailOf(show({ ...files, "filter.d/f.conf": FILTER })).maxretry).toBe(present.length);
    },
  );

  const filters = ["filter.d/f.conf", "filter.d/f.d/a.conf", "filter.d/f.local", "filter.d/f.d/a.local"];
  it.each(filters.map((path, last) => ({ path, last })))("filters alike: $path", ({ last }) => {
    const files = Object.fromEntries(
      filters.slice(0, last + 1).map((path, index) => [path, `[Definition]\nfailregex = r${index}\n`]),
    );
    expect(regexes(show({ "jail.local": jail, ...files }))).toEqual([`r${last}`]);
  });

  it("takes a filter that is only a .local", () => {
    expect(regexes(show({ "jail.local": jail, "filter.d/f.local": FILTER }))).toEqual(["^<HOST>$"]);
  });

  it("lets a section of an early file beat a default of a later one", () => {
    const files = show({
      "jail.conf": `${jail}bantime = 1w\n`,
      "jail.local": "[DEFAULT]\nbantime = 1h\n",
      "filter.d/f.conf": FILTER,
    });
    expect(jailOf(files).bantime).toBe(604_800_000);
  });

  it("passes over other names and hidden files", () => {
    const files = { "jail.d/a.conf.bak": "[", "jail.d/.b.conf": "[", "jail.d/readme": "x" };
    expect(jailOf(show(tree("", files))).name).toBe("j");
  });

  it.each<{ name: string; files: Tree; expected: string[] }>([
    {
      name: "before and after, relative to the file",
      files: {
        "filter.d/f.conf":
          "[INCLUDES]\nbefore = b.conf\nafter = sub/a.conf\n[Definition]\nfailregex = %(x)s\nx = own\ny = own\n",
        "filter.d/b.conf": "[Definition]\nx = b\nz = b\n",
        "filter.d/sub/a.conf": "[Definition]\nx = a\n",
      },
      expected: ["a"],
    },
    {
      name: "a .local beside an included file",
      files: {
        "filter.d/f.conf": "[INCLUDES]\nbefore = b.conf\n[Definition]\nfailregex = %(x)s\n",
        "filter.d/b.conf": "[Definition]\nx = b\n",
        "filter.d/b.local": "[Definition]\nx = local\n",
      },
      expected: ["local"],
    },
    {
      name: "several, one a line, and those of includes",
      files: {
        "filter.d/f.conf": "[INCLUDES]\nbefore = b.conf\n  c.conf\n[Definition]\nfailregex = %(x)s%(y)s\n",
        "filter.d/b.conf": "[INCLUDES]\nbefore = d.conf\n[Definition]\nx = b\n",
        "filter.d/c.conf": "[Definition]\nx = c\n",
        "filter.d/d.conf": "[Definition]\ny = d\n",
      },
      expected: ["cd"],
    },
    {
      name: "from the folder above",
      files: {
        "filter.d/f.conf": "[INCLUDES]\nbefore = ../top.conf\n[Definition]\nfailregex = %(x)s\n",
        "top.conf": "[Definition]\nx = top\n",
      },
      expected: ["top"],
    },
    {
      name: "none that is missing, and none twice in a circle",
      files: {
        "filter.d/f.conf": "[INCLUDES]\nbefore = nosuch.conf\n  g.conf\n[Definition]\nfailregex = x\n",
        "filter.d/g.conf": "[INCLUDES]\nbefore = f.conf\n",
      },
      expected: ["x"],
    },
  ])("includes $name", ({ files, expected }) => expect(regexes(show(tree("", files)))).toEqual(expected));
});

agree();
