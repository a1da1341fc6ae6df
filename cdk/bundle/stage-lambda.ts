/**
 * Puts a Lambda's asset together: one bundled module, the compiled ruleset, and re2 where the function matches lines.
 *
 * The same sources give the same bytes, so a deployment that changes nothing uploads nothing. White space and dead code
 * go, names stay: a stack trace in the log is readable without a source map, which would cost every cold start its parsing.
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync, type Metafile } from "esbuild";
import { RULESET_FILE } from "../../shared/contract/ruleset.ts";
import { judgeAddon } from "./native-guard.ts";
import { type Architecture, TARGET_RUNTIME } from "./target-runtime.ts";

export interface LambdaAsset {
  /** The module that exports `handler`. */
  readonly entry: string;
  readonly architecture: Architecture;
  /** The compiled ruleset as JSON text; absent where a function has none. */
  readonly ruleset?: string;
  /** An empty folder. */
  readonly into: string;
  /** Path of re2's addon for the architecture; asked only for a function that uses it. */
  readonly re2: (architecture: Architecture) => string;
}

/** What was put together. */
export interface StagedLambda {
  /** Path of every bundled source in the repository or in node_modules, with the bytes it has in the bundle. */
  readonly sources: Readonly<Record<string, number>>;
  readonly carriesRe2: boolean;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The bundle's name: Lambda loads `index.handler` from it. */
const BUNDLE = "index.mjs";
/** Some packages of the SDK are CommonJS and ask for Node's own modules in a way that ESM lacks. */
const BANNER =
  'import { createRequire as createRequireHere } from "node:module"; const require = createRequireHere(import.meta.url);';

/** Nothing of these belongs into a Lambda: it is for synthesis, tests or one machine, or it reads files that are not there. */
const STRANGERS: readonly RegExp[] = [
  /node_modules\/(aws-cdk-lib|constructs|cdk-nag|vitest|fast-check|dynalite|classic-level|tsx|esbuild|commander)\//,
  /node_modules\/aws-sdk-client-mock/,
  /^(cli|test|bench|compat|cdk)\//,
  /^shared\/contract\/host-script\.ts$/,
];

/** Fills the folder. Throws where the bundle holds what does not belong there, or re2's addon would not load. */
export function stageLambda({ entry, architecture, ruleset, into, re2 }: LambdaAsset): StagedLambda {
  const { metafile } = buildSync({
    entryPoints: [entry],
    outfile: join(into, BUNDLE),
    absWorkingDir: ROOT,
    bundle: true,
    platform: "node",
    format: "esm",
    target: TARGET_RUNTIME.esbuild,
    // The SDK's ESM form drops what is not used.
    mainFields: ["module", "main"],
    external: ["re2"],
    banner: { js: BANNER },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  const output = outputOf(metafile);
  const sources = Object.fromEntries(
    Object.entries(output.inputs)
      .map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const)
      .filter(([, bytes]) => bytes > 0),
  );
  const strangers = Object.keys(sources).filter((path) => STRANGERS.some((pattern) => pattern.test(path)));
  if (strangers.length > 0)
    throw new Error(`${relative(ROOT, entry)} must not pull these into a Lambda: ${strangers.join(", ")}`);
  const carriesRe2 = output.imports.some(({ path }) => path === "re2");
  if (carriesRe2) addRe2(join(into, "node_modules/re2"), architecture, re2(architecture));
  if (ruleset !== undefined) writeFileSync(join(into, RULESET_FILE), ruleset);
  return { sources, carriesRe2 };
}

function outputOf(metafile: Metafile): Metafile["outputs"][string] {
  const found = Object.entries(metafile.outputs).find(([path]) => path.endsWith(BUNDLE));
  if (found === undefined) throw new Error(`esbuild wrote no ${BUNDLE}`);
  return found[1];
}

/** The three files that re2 needs to run. The guard judges the very bytes that go into the asset. */
function addRe2(folder: string, architecture: Architecture, addon: string): void {
  const source = createRequire(import.meta.url).resolve("re2/package.json");
  const target = join(folder, "build/Release/re2.node");
  mkdirSync(dirname(target), { recursive: true });
  const { name, version, main, type, license } = JSON.parse(readFileSync(source, "utf8"));
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ name, version, main, type, license }, null, 2)}\n`);
  copyFileSync(join(dirname(source), main), join(folder, main));
  copyFileSync(join(dirname(source), "LICENSE"), join(folder, "LICENSE"));
  copyFileSync(addon, target);
  chmodSync(target, 0o755);
  const verdict = judgeAddon(readFileSync(target), architecture);
  if (verdict.kind === "refused")
    throw new Error(`${addon} must not go to a Lambda on ${architecture}: ${verdict.reasons.join("; ")}`);
}
