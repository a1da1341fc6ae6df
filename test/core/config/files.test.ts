/** Where configuration files come from: layers, paths, and the file system. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readConfigFiles } from "../../../shared/adapters/local/config-files.ts";
import { compileConfiguration } from "../../../shared/core/config/compile-configuration.ts";
import type { ConfigFiles } from "../../../shared/core/config/files.ts";
import { directoryOf, layer, resolvePath } from "../../../shared/core/config/files.ts";
import { filesFrom } from "../../support/config-files.ts";
import { FILTER, told } from "./compile.ts";
import { writeTree } from "./oracle.ts";

const JAIL = "[j]\nenabled = true\nfilter = f\nlogpath = /l\naction = iptables-allports\n";
const directories: string[] = [];
const onDisk = (tree: Record<string, string>) => {
  const directory = writeTree(tree);
  directories.push(directory);
  return directory;
};
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** The same laws for files in memory and on disk. */
describe.each([
  { name: "in memory", layers: (...trees: Record<string, string>[]): ConfigFiles => layer(...trees.map(filesFrom)) },
  {
    name: "on disk",
    layers: (...trees: Record<string, string>[]): ConfigFiles => readConfigFiles(...trees.map(onDisk)),
  },
])("files $name", ({ layers }) => {
  it("are read and listed", () => {
    const files = layers({ "jail.local": "a", "filter.d/x.conf": "b", "filter.d/y.d/z.conf": "c" });
    expect(files.read("jail.local")).toBe("a");
    expect(files.read("filter.d/../filter.d/x.conf")).toBe("b");
    expect(files.read("filter.d/nosuch.conf")).toBeUndefined();
    expect(files.read("filter.d")).toBeUndefined();
    expect(files.read("jail.local/x")).toBeUndefined();
    expect(files.list("filter.d")).toContain("x.conf");
    expect(files.list("filter.d")).not.toContain("z.conf");
    expect(files.list("nosuch.d")).toEqual([]);
  });

  it("of a later layer hide those of the same path", () => {
    const files = layers(
      { "filter.d/f.conf": "1", "filter.d/g.conf": "1" },
      { "filter.d/f.conf": "2", "filter.d/h.conf": "2" },
    );
    expect(["f", "g", "h"].map((name) => files.read(`filter.d/${name}.conf`))).toEqual(["2", "1", "2"]);
    expect([...files.list("filter.d")].sort()).toEqual(["f.conf", "g.conf", "h.conf"]);
  });

  it("extend the defaults: a jail and a filter are enough", () => {
    const defaults = {
      "jail.conf": "[DEFAULT]\nmaxretry = 9\naction = iptables-allports\n",
      "filter.d/ours.conf": FILTER,
    };
    const own = {
      "jail.d/x.conf": "[j]\nenabled = 1\nfilter = f\nlogpath = /l\n[k]\nenabled = 1\nfilter = ours\nlogpath = /l\n",
      "filter.d/f.conf": FILTER,
    };
    const { jails, problems } = compileConfiguration(layers(defaults, own));
    expect([jails.map(({ name, maxretry }) => `${name} ${maxretry}`), problems]).toEqual([["j 9", "k 9"], []]);
  });

  it("with a jail.conf of their own replace the defaults", () => {
    const defaults = {
      "jail.conf": "[DEFAULT]\nmaxretry = 9\n[d]\nenabled = 1\nfilter = f\n",
      "filter.d/f.conf": FILTER,
    };
    const own = { "jail.conf": "[DEFAULT]\n", "jail.local": JAIL, "filter.d/f.conf": FILTER };
    const { jails } = compileConfiguration(layers(defaults, own));
    expect(jails.map(({ name, maxretry }) => `${name} ${maxretry}`)).toEqual(["j 3"]);
    expect(layers(defaults, { "jail.conf": "" }).read("filter.d/f.conf")).toBeUndefined();
  });
});

describe("files on disk", () => {
  it("stay as they were first read", () => {
    const directory = onDisk({ "jail.local": "a" });
    const files = readConfigFiles(directory);
    expect(files.read("jail.local")).toBe("a");
    writeFileSync(join(directory, "jail.local"), "b");
    expect(files.read("jail.local")).toBe("a");
    expect(readConfigFiles(directory).read("jail.local")).toBe("b");
  });

  it("may be included by an absolute path", () => {
    const elsewhere = onDisk({ "x.conf": "[DEFAULT]\nmaxretry = 6\n" });
    const directory = onDisk({
      "jail.local": `[INCLUDES]\nbefore = ${elsewhere}/x.conf\n${JAIL}`,
      "filter.d/f.conf": FILTER,
    });
    expect(compileConfiguration(readConfigFiles(directory)).jails[0]?.maxretry).toBe(6);
  });

  it("keep a byte order mark and show broken bytes, so that both are told", () => {
    const directory = onDisk({ "jail.local": JAIL, "filter.d/f.conf": `\uFEFF${FILTER}` });
    expect(told(compileConfiguration(readConfigFiles(directory)))).toEqual(["error bad-syntax filter.d/f.conf:1"]);
    writeFileSync(
      join(directory, "filter.d/f.conf"),
      Buffer.from("[Definition]\n# caf\xe9\nfailregex = x\n", "latin1"),
    );
    expect(told(compileConfiguration(readConfigFiles(directory)))).toEqual(["error bad-syntax filter.d/f.conf:2"]);
  });

  it("that cannot be read stop everything", () => {
    const failing: ConfigFiles = {
      ...filesFrom({ "jail.local": JAIL }),
      read: (path) => {
        if (path === "jail.local") throw new Error("EACCES: permission denied");
        return undefined;
      },
    };
    const { jails, problems } = compileConfiguration(failing);
    expect([jails, problems.map(({ code, place }) => `${code} ${place?.file}`)]).toEqual([
      [],
      ["missing-file jail.local"],
    ]);
  });

  it("that cannot be opened throw, and are not taken for absent", () => {
    expect(() => readConfigFiles(onDisk({})).read("x".repeat(5000))).toThrow("ENAMETOOLONG");
  });

  it("that are directories are passed over", () => {
    const directory = onDisk({ "jail.local": JAIL, "filter.d/f.conf": FILTER });
    mkdirSync(join(directory, "jail.d", "x.conf"), { recursive: true });
    expect(compileConfiguration(readConfigFiles(directory)).jails).toHaveLength(1);
  });
});

describe("a path", () => {
  it.each([
    ["filter.d", "common.conf", "filter.d/common.conf"],
    ["filter.d", "../paths.conf", "paths.conf"],
    ["filter.d", "./a//b.conf", "filter.d/a/b.conf"],
    ["filter.d", "/etc/x/../y.conf", "/etc/y.conf"],
    ["", "x.conf", "x.conf"],
    ["", "../x.conf", "../x.conf"],
    ["/etc", "../../x.conf", "/x.conf"],
  ])("%s + %s = %s", (directory, target, expected) => expect(resolvePath(directory, target)).toBe(expected));

  it.each([
    ["a/b/c.conf", "a/b"],
    ["c.conf", ""],
  ])("%s lies in %j", (path, expected) => expect(directoryOf(path)).toBe(expected));
});
