/** What the documents promise of the tree, held against the tree. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const tracked = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).split("\n").filter(Boolean);
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

describe("docs/architecture.md", () => {
  it("has a line for every source file, and none for a file that is gone", () => {
    const sources = tracked.filter((file) =>
      /^(shared|cli|bench|compat|rig|examples|lambdas|cdk)\/.*\.(ts|mjs|sh|awk)$/.test(file),
    );
    let folder = "";
    const listed = read("docs/architecture.md")
      .split("\n")
      .flatMap((line) => {
        folder = /^### (\S+)\/$/.exec(line)?.[1] ?? folder;
        const name = /^\| ([\w.-]+\.(?:ts|mjs|sh|awk)) \| \S/.exec(line)?.[1];
        return name === undefined ? [] : [`${folder}/${name}`];
      });
    expect(listed.sort()).toEqual(sources.sort());
  });
});

describe("the documents", () => {
  const documents = tracked.filter((file) => file.endsWith(".md"));

  it.each(documents)("%s links only to what is there", (document) => {
    const targets = [...read(document).matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g)].map((match) => match[1]!);
    const missing = targets.filter((target) => !existsSync(join(ROOT, dirname(document), target)));
    expect(missing, basename(document)).toEqual([]);
  });
});
