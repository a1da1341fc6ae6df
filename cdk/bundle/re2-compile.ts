/**
 * re2's addon compiled here, with the headers of the Lambda's Node instead of this machine's own.
 *
 * Only on Linux: other systems' compilers make other formats. The sources are those of the installed package, copied, so
 * that the addon in node_modules, which this machine runs on, is never touched.
 */
import { execFile, execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import type { Say } from "./build-cache.ts";
import { nodeRelease } from "./node-release.ts";
import { type Architecture, TARGET_RUNTIME } from "./target-runtime.ts";

const GNU: Readonly<Record<Architecture, string>> = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };
const DEBIAN: Readonly<Record<Architecture, string>> = { x64: "g++-x86-64-linux-gnu", arm64: "g++-aarch64-linux-gnu" };

/** Why nothing can be compiled for this architecture here, with the way out; undefined where it can. */
export function compilerLacks(architecture: Architecture): string | undefined {
  if (process.platform !== "linux") return `only Linux can compile for Lambda, and this is ${process.platform}`;
  const { CXX } = compilers(architecture);
  const lacks = [CXX, "make", "python3"].filter((program) => !runs(program));
  if (lacks.length === 0) return undefined;
  const foreign = architecture !== process.arch;
  return `${lacks.join(", ")} not found (Debian: apt-get install make python3 ${foreign ? DEBIAN[architecture] : "g++"})`;
}

/** Compiles in `scratch`, for a minute or more, and returns the addon's path. Rejects with the compiler's last lines. */
export async function compileRe2(
  architecture: Architecture,
  { cache, scratch, say }: { readonly cache: string; readonly scratch: string; readonly say: Say },
): Promise<string> {
  const lacks = compilerLacks(architecture);
  if (lacks !== undefined) throw new Error(lacks);
  // Headers are the same for all processors, so the release that this machine could run serves for both.
  const node = await nodeRelease(cache, process.arch === "arm64" ? "arm64" : "x64", say);
  const re2 = createRequire(import.meta.url).resolve("re2/package.json");
  const nan = createRequire(re2).resolve("nan/package.json");
  const gyp = createRequire(re2).resolve("node-gyp/bin/node-gyp.js");
  const folder = copyPackage(re2, "re2", scratch);
  copyPackage(nan, "nan", scratch);
  say(`compiling re2 for ${TARGET_RUNTIME.name} on ${architecture} (once; takes a minute or two)`);
  const target = [`--target=${TARGET_RUNTIME.node}`, `--arch=${architecture}`, `--nodedir=${node.folder}`];
  try {
    await promisify(execFile)(process.execPath, [gyp, "rebuild", "-j", "max", ...target], {
      cwd: folder,
      env: environment(architecture),
      maxBuffer: 1 << 28,
    });
  } catch (cause) {
    // Gives up: the compiler's own words say why, and its last ones are enough.
    const said = (cause as { stderr?: string }).stderr ?? "";
    throw new Error(`node-gyp failed:\n${said.trimEnd().split("\n").slice(-15).join("\n")}`, { cause });
  }
  return join(folder, "build/Release/re2.node");
}

function copyPackage(packageJson: string, name: string, scratch: string): string {
  const source = dirname(packageJson);
  const folder = join(scratch, "node_modules", name);
  cpSync(source, folder, { recursive: true, filter: (path) => !/^build(\/|$)/.test(relative(source, path)) });
  return folder;
}

function environment(architecture: Architecture): NodeJS.ProcessEnv {
  // Whatever npm was told for its own builds (the headers of another Node, another platform) must not get in.
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|(C|CXX|CPP|LD)FLAGS$)/i.test(name));
  // Without debug symbols it compiles a quarter faster and needs a fifteenth of the space; -s strips the rest.
  return { ...Object.fromEntries(own), ...compilers(architecture), CXXFLAGS: "-g0 -O2", LDFLAGS: "-s" };
}

function compilers(architecture: Architecture): { CC: string; CXX: string; LINK: string; AR: string } {
  const prefix = architecture === process.arch ? "" : `${GNU[architecture]}-`;
  return { CC: `${prefix}gcc`, CXX: `${prefix}g++`, LINK: `${prefix}g++`, AR: `${prefix}ar` };
}

function runs(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    // Not installed, or not working: the caller names it.
    return false;
  }
}
