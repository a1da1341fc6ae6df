/** The guard, on made-up ELF files, on real binaries of other platforms, and on what is no binary at all. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeAddon } from "../../cdk/bundle/native-guard.ts";
import type { Architecture } from "../../cdk/bundle/target-runtime.ts";
import { type ElfOptions, elf } from "./elf.ts";

const require = createRequire(import.meta.url);
const reasonsFor = (bytes: Buffer, architecture: Architecture = "x64") => {
  const verdict = judgeAddon(bytes, architecture);
  return verdict.kind === "fits" ? [] : verdict.reasons;
};

describe("the guard, on what an addon says of itself", () => {
  const table: readonly { readonly name: string; readonly made: ElfOptions; readonly reasons: readonly string[] }[] = [
    { name: "accepts one that fits", made: {}, reasons: [] },
    {
      name: "refuses another machine",
      made: { machine: 183 },
      reasons: ["it is for arm64, and the function runs on x64"],
    },
    {
      name: "refuses a machine that Lambda does not have",
      made: { machine: 22 },
      reasons: ["it is for ELF machine 22, and the function runs on x64"],
    },
    {
      name: "refuses another Node",
      made: { abi: "127" },
      reasons: ["it is for Node ABI 127, and nodejs24.x has ABI 137"],
    },
    {
      name: "refuses what is no addon",
      made: { abi: "" },
      reasons: ["it does not register itself as an addon of Node.js"],
    },
    {
      name: "refuses a newer glibc, compared by number and not by text",
      made: { names: ["GLIBC_2.4", "GLIBC_2.35", "GLIBC_2.9"] },
      reasons: ["it needs GLIBC_2.35, and nodejs24.x has up to GLIBC_2.34"],
    },
    {
      name: "refuses a newer libstdc++",
      made: { names: ["GLIBCXX_3.4.30", "GLIBCXX_3.4.9"] },
      reasons: ["it needs GLIBCXX_3.4.30, and nodejs24.x has up to GLIBCXX_3.4.29"],
    },
    {
      name: "refuses a newer C++ ABI",
      made: { names: ["CXXABI_1.3.14"] },
      reasons: ["it needs CXXABI_1.3.14, and nodejs24.x has up to CXXABI_1.3.13"],
    },
    {
      name: "refuses relocations of newer linkers",
      made: { names: ["GLIBC_2.34", "GLIBC_ABI_DT_RELR"] },
      reasons: ["it needs GLIBC_ABI_DT_RELR, and nodejs24.x has up to GLIBC_2.34"],
    },
    {
      name: "refuses a library that the runtime lacks",
      made: { libraries: ["libc.so.6", "libre2.so.11"] },
      reasons: ["it needs libre2.so.11, which nodejs24.x does not have"],
    },
    {
      name: "refuses musl",
      made: { libraries: ["libstdc++.so.6", "libc.musl-x86_64.so.1"] },
      reasons: ["it needs libc.musl-x86_64.so.1, which nodejs24.x does not have"],
    },
    {
      name: "refuses one with its debug symbols",
      made: { padding: 21_000_000 },
      reasons: ["it has 21.0 MB, more than 3.1: it was not stripped"],
    },
    {
      name: "names everything that is wrong",
      made: { machine: 183, abi: "115" },
      reasons: ["it is for arm64, and the function runs on x64", "it is for Node ABI 115, and nodejs24.x has ABI 137"],
    },
  ];
  it.each(table)("$name", ({ made, reasons }) => expect(reasonsFor(elf(made))).toEqual(reasons));

  it("judges for the architecture that is asked for", () => {
    expect(reasonsFor(elf({ machine: 183 }), "arm64")).toEqual([]);
    expect(reasonsFor(elf(), "arm64")).toEqual(["it is for x64, and the function runs on arm64"]);
  });
});

describe("the guard, on real binaries", () => {
  it("refuses this machine's own addon, unless it runs the target's Node", () => {
    const reasons = reasonsFor(readFileSync(require.resolve("re2/build/Release/re2.node")));
    if (process.versions.modules === "137") expect(reasons).not.toContainEqual(expect.stringContaining("ABI"));
    else expect(reasons).toContain(`it is for Node ABI ${process.versions.modules}, and nodejs24.x has ABI 137`);
  });

  it.each([
    { file: "win32-x64/classic-level.node", reason: "it is for Windows (a PE file)" },
    { file: "darwin-x64+arm64/classic-level.node", reason: "it is for macOS (a Mach-O file)" },
    { file: "linux-x64/classic-level.node", reason: "it does not register itself as an addon of Node.js" },
    {
      file: "linux-x64/classic-level.musl.node",
      reason: "it needs libc.musl-x86_64.so.1, which nodejs24.x does not have",
    },
    { file: "linux-arm64/classic-level.armv8.node", reason: "it is for arm64, and the function runs on x64" },
    { file: "linux-arm/classic-level.armv7.node", reason: "it is for a 32-bit or big-endian machine" },
  ])("refuses $file", ({ file, reason }) => {
    const prebuilds = join(dirname(require.resolve("classic-level/package.json")), "prebuilds");
    expect(reasonsFor(readFileSync(join(prebuilds, file)))).toContain(reason);
  });

  it("refuses a program", () => {
    expect(reasonsFor(readFileSync(process.execPath))).not.toEqual([]);
  });
});

describe("the guard, on what is no addon", () => {
  it.each([
    { name: "nothing", bytes: Buffer.alloc(0), reason: "it has 0 bytes, less than an ELF header" },
    {
      name: "an error page",
      bytes: Buffer.from("<!DOCTYPE html>".padEnd(500)),
      reason: "it is no native addon: it begins with 3c21444f",
    },
    {
      name: "a compressed addon",
      bytes: Buffer.from(`1f8b0800${"00".repeat(100)}`, "hex"),
      reason: "it is no native addon: it begins with 1f8b0800",
    },
  ])("refuses $name", ({ bytes, reason }) => expect(reasonsFor(bytes)).toEqual([reason]));

  const whole = elf({ padding: 5_000 });

  it("refuses a file that was cut off, wherever it was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => {
        expect(reasonsFor(whole.subarray(0, length))).toHaveLength(1);
      }),
    );
  });

  it("has a verdict on random bytes behind an ELF header, and it is no", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 200, maxLength: 4_000 }), (noise) => {
        expect(reasonsFor(Buffer.concat([whole.subarray(0, 20), noise]))).not.toEqual([]);
      }),
    );
  });

  it("has a verdict whatever one byte is changed to", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const changed = Buffer.from(whole);
        changed[at] = value;
        expect(["fits", "refused"]).toContain(judgeAddon(changed, "x64").kind);
      }),
      { numRuns: 1_000 },
    );
  });
});
