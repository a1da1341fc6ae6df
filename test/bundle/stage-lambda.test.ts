/** What goes into an asset and what does not. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type StagedLambda, stageLambda } from "../../cdk/bundle/stage-lambda.ts";
import { TARGET_RUNTIME } from "../../cdk/bundle/target-runtime.ts";
import { elf } from "./elf.ts";

const require = createRequire(import.meta.url);
const ROOT = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "fleet2ban-stage-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let made = 0;
interface Staged extends StagedLambda {
  readonly folder: string;
  readonly files: readonly string[];
}
function stage(source: string, { addon = elf(), ruleset }: { addon?: Buffer; ruleset?: string } = {}): Staged {
  made += 1;
  const folder = join(scratch, `asset${made}`);
  mkdirSync(folder);
  writeFileSync(join(scratch, "entry.ts"), source);
  writeFileSync(join(scratch, "re2.node"), addon);
  const staged = stageLambda({
    entry: join(scratch, "entry.ts"),
    architecture: "x64",
    into: folder,
    re2: () => join(scratch, "re2.node"),
    ...(ruleset === undefined ? {} : { ruleset }),
  });
  return { ...staged, folder, files: listed(folder) };
}
const listed = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

const MATCHES = 'import RE2 from "re2"; export const handler = async (line: string) => new RE2("a+b").test(line);';
const RE2_FILES = [
  "node_modules/re2/LICENSE",
  "node_modules/re2/build/Release/re2.node",
  "node_modules/re2/package.json",
  "node_modules/re2/re2.js",
];

describe("an asset", () => {
  it("carries re2 where the function uses it", () => {
    const { files, folder, carriesRe2 } = stage(MATCHES, { ruleset: "{}" });
    expect(carriesRe2).toBe(true);
    expect(files).toEqual(["index.mjs", ...RE2_FILES, "ruleset.json"]);
    expect(readFileSync(join(folder, "ruleset.json"), "utf8")).toBe("{}");
    expect(readFileSync(join(folder, "node_modules/re2/build/Release/re2.node"))).toEqual(elf());
  });

  it.each([
    { name: "does not mention it", source: "export const handler = async () => 1;" },
    {
      name: "imports only its type",
      source: 'import type RE2 from "re2"; export const handler = async (re: RE2) => re;',
    },
  ])("carries no re2 where the function $name", ({ source }) => {
    const { files, carriesRe2 } = stage(source);
    expect(carriesRe2).toBe(false);
    expect(files).toEqual(["index.mjs"]);
  });

  it("is the same, byte for byte, from the same sources", () => {
    const [one, other] = [stage(MATCHES), stage(MATCHES)];
    for (const file of one.files)
      expect(readFileSync(join(one.folder, file)).equals(readFileSync(join(other.folder, file))), file).toBe(true);
    expect(one.files).toEqual(other.files);
  });

  it("says nothing of the machine it was made on", () => {
    const { folder, files } = stage(MATCHES);
    for (const file of files.filter((name) => !name.endsWith(".node")))
      for (const path of [ROOT, scratch]) expect(readFileSync(join(folder, file), "utf8")).not.toContain(path);
  });

  it("keeps the names that a stack trace shows", () => {
    const { folder } = stage(
      "export const handler = async () => { function unmistakable() { throw 1; } unmistakable(); };",
    );
    expect(readFileSync(join(folder, "index.mjs"), "utf8")).toContain("unmistakable");
  });

  it.each([
    { name: "one for another processor", addon: () => elf({ machine: 183 }), says: "it is for arm64" },
    { name: "one for another Node", addon: () => elf({ abi: "127" }), says: "it is for Node ABI 127" },
    { name: "a download that broke off", addon: () => elf().subarray(0, 400), says: "cut off or damaged" },
  ])("is not made with $name", ({ addon, says }) => {
    expect(() => stage(MATCHES, { addon: addon() })).toThrow(
      new RegExp(`re2\\.node must not go to a Lambda on x64: .*${says}`),
    );
  });

  it.skipIf(process.versions.modules === TARGET_RUNTIME.abi)("is not made with this machine's own addon", () => {
    const addon = readFileSync(require.resolve("re2/build/Release/re2.node"));
    expect(() => stage(MATCHES, { addon })).toThrow(`Node ABI ${process.versions.modules}`);
  });

  it.each([
    { path: "node_modules/constructs/lib/index.js" },
    { path: "shared/contract/host-script.ts" },
    { path: "cli/paths.ts" },
  ])("is not made with $path in it", ({ path }) => {
    const source = `import * as stranger from ${JSON.stringify(join(ROOT, path))}; export const handler = async () => stranger;`;
    expect(() => stage(source)).toThrow(`must not pull these into a Lambda: `);
    expect(() => stage(source)).toThrow(path);
  });
});
