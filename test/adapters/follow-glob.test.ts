import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expandGlob, isGlob, leadsTo, literalDirectory, matchesGlob } from "../../shared/adapters/local/follow/glob.ts";
import { isRotationOf } from "../../shared/adapters/local/follow/rotation.ts";
import { available } from "../support/require.ts";
import { SEED } from "../support/seed.ts";
import { logDirectory } from "./follow-harness.ts";

describe("a glob", () => {
  it.each([
    ["/var/log/haproxy.log", "/var/log/haproxy.log", true],
    ["/var/log/*.log", "/var/log/haproxy.log", true],
    ["/var/log/*.log", "/var/log/haproxy.log.1", false],
    ["/var/log/*.log", "/var/log/sub/haproxy.log", false],
    ["/var/log/**", "/var/log/sub/haproxy.log", false],
    ["/var/*/haproxy.log", "/var/log/haproxy.log", true],
    ["/var/log/*", "/var/log/.hidden", false],
    ["/var/log/.*", "/var/log/.hidden", true],
    ["/var/log/haproxy.?og", "/var/log/haproxy.log", true],
    ["/var/log/h[a-c]proxy", "/var/log/haproxy", true],
    ["/var/log/h[!a-c]proxy", "/var/log/haproxy", false],
    ["/var/log/h[]a]proxy", "/var/log/h]proxy", true],
    ["/var/log/h[!]a]proxy", "/var/log/hbproxy", true],
    ["/var/log/[z-a]x", "/var/log/ax", false],
    ["/var/log/[*]x", "/var/log/*x", true],
    ["/var/log/a[b", "/var/log/a[b", true],
    ["/var/log/a.b", "/var/log/axb", false],
    ["/var/log/a+(b)|{c}^$\\", "/var/log/a+(b)|{c}^$\\", true],
    ["/var/log/*ö*", "/var/log/größe", true],
  ])("%s on %s: %s", (pattern, path, expected) => expect(matchesGlob(pattern, path)).toBe(expected));

  it("is told from a plain path", () => {
    expect(["a", "a*", "a?", "a[b]", "a{b}"].map(isGlob)).toEqual([false, true, true, true, false]);
  });

  it.each([
    ["/var/log/*/x.log", "/var/log", true],
    ["/var/log/*/x.log", "/var/log/new", true],
    ["/var/log/*/x.log", "/var/log/new/x.log", true],
    ["/var/log/*/x.log", "/var/log/new/y.log", false],
    ["/var/log/*/x.log", "/var/lib", false],
  ])("%s may match below %s: %s", (pattern, path, expected) => expect(leadsTo(pattern, path)).toBe(expected));

  it.each([
    ["/var/log/*.log", "/var/log"],
    ["/var/*/x.log", "/var"],
    ["/*", "/"],
    ["*.log", "."],
    ["logs/x.log", "logs"],
  ])("%s is written out up to %s", (pattern, directory) => expect(literalDirectory(pattern)).toBe(directory));

  it("finds files, sorted, and ends below a pattern", async () => {
    const root = logDirectory();
    for (const name of ["b", "a", ".c"]) {
      mkdirSync(join(root, name));
      writeFileSync(join(root, name, "x.log"), "");
    }
    writeFileSync(join(root, "d"), "");
    expect(await expandGlob(`${root}/*/x.log`)).toEqual([`${root}/a/x.log`, `${root}/b/x.log`]);
    expect(await expandGlob(`${root}/?/*.log`)).toEqual([`${root}/a/x.log`, `${root}/b/x.log`]);
    expect(await expandGlob(`${root}/nowhere/*.log`)).toEqual([]);
  });

  it.runIf(available(["python3"]))("agrees with Python's fnmatch on names", () => {
    const alphabet = ["a", "b", "-", "]", "[", "!", "*", "?", ".", "^", "\\", "x"];
    let seed = (SEED % 0x7ffffffe) + 1;
    console.log(`glob against fnmatch: SEED=${SEED}`);
    const next = (below: number) => {
      seed = (seed * 48271) % 0x7fffffff;
      return seed % below;
    };
    const word = () => Array.from({ length: 1 + next(6) }, () => alphabet[next(alphabet.length)]).join("");
    // A leading dot is glob's own rule, not fnmatch's.
    const pairs = Array.from({ length: 20_000 }, () => [word(), word()] as const).filter(
      (pair) => !pair[1].startsWith("."),
    );
    const program =
      "import sys,json,fnmatch; print(json.dumps([fnmatch.fnmatchcase(n,p) for p,n in json.load(sys.stdin)]))";
    const theirs = JSON.parse(
      execFileSync("python3", ["-W", "ignore", "-c", program], { input: JSON.stringify(pairs), encoding: "utf8" }),
    ) as boolean[];
    const differ = pairs.filter(([pattern, name], index) => matchesGlob(pattern, name) !== theirs[index]);
    expect(differ).toEqual([]);
    expect(theirs.filter(Boolean).length).toBeGreaterThan(100);
  });
});

describe("a rotated name", () => {
  it.each([
    ["haproxy.log", "haproxy.log.1", true],
    ["haproxy.log", "haproxy.log-20251114", true],
    ["haproxy.log", "haproxy.log-20251114-1763160000", true],
    ["haproxy.log", "haproxy.log.2025-11-14T22:45:11", true],
    ["haproxy.log", "haproxy-20251114.log", true],
    ["haproxy.log", "haproxy.1.log", true],
    ["haproxy.log", "haproxy.log.old", true],
    ["haproxy", "haproxy.1", true],
    ["haproxy.log", "haproxy.log", false],
    ["haproxy.log", "haproxy.log.1.gz", false],
    ["haproxy.log", "haproxy.log-20251114.xz", false],
    ["haproxy.log", "haproxy.log.offset", false],
    ["haproxy.log", "haproxy-admin.log", false],
    ["haproxy.log", "haproxy.logs", false],
    ["haproxy.log", "other.log.1", false],
    ["haproxy.log", "haproxyXlog.1", false],
  ])("%s may have become %s: %s", (path, name, expected) =>
    expect(isRotationOf(`/var/log/${path}`, `/var/log/${name}`)).toBe(expected),
  );
});
