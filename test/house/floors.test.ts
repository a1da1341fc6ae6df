/** The floors of the house: a file imports its own floor or a lower one, never in a circle, and @aws-sdk has one door. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const FLOORS: readonly (readonly [prefix: string, floor: number])[] = [
  ["shared/core/", 0],
  ["shared/ports/", 1],
  ["shared/contract/", 1],
  ["shared/app/", 2],
  ["shared/adapters/", 3],
  ["lambdas/", 4],
  ["cli/", 4],
  ["cdk/", 5],
];
const CORE_PACKAGES = new Set(["node:net", "re2", "ip-address"]);

const files = ["shared", "lambdas", "cli", "cdk"]
  .filter((folder) => existsSync(join(ROOT, folder)))
  .flatMap(sources)
  .sort();
const imports = new Map(files.map((file) => [file, importsOf(file)]));

describe("the floors", () => {
  it("hold every source file", () => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => floorOf(file) === undefined)).toEqual([]);
  });

  it("are climbed downwards only", () => {
    const wrong = files.flatMap((file) =>
      localImports(file)
        .filter((target) => floorOf(target)! > floorOf(file)!)
        .map((target) => `${file} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("have no circle", () => {
    expect(findCircle()).toEqual([]);
  });

  it("keep the core pure: no file, clock, environment or network package below the adapters", () => {
    const wrong = files
      .filter((file) => floorOf(file) === 0)
      .flatMap((file) =>
        packagesOf(file)
          .filter((name) => !CORE_PACKAGES.has(name))
          .map((name) => `${file} -> ${name}`),
      );
    expect(wrong).toEqual([]);
    const impure = files
      .filter((file) => floorOf(file)! <= 2)
      .filter((file) => /\bDate\.now\(|\bMath\.random\(|\bprocess\.(env|hrtime|cwd)|\bnew Date\(\)/.test(read(file)));
    expect(impure).toEqual([]);
  });

  it("open @aws-sdk in one place", () => {
    const wrong = files.filter(
      (file) =>
        !file.startsWith("shared/adapters/aws/") && packagesOf(file).some((name) => name.startsWith("@aws-sdk/")),
    );
    expect(wrong).toEqual([]);
  });
});

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function importsOf(file: string): string[] {
  const statement = /^\s*(?:import|export)\b[^"';]*?\bfrom\s+"([^"]+)"|^\s*import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...read(file).matchAll(statement)].map((match) => match[1] ?? match[2] ?? match[3]!);
}

function localImports(file: string): string[] {
  return imports
    .get(file)!
    .filter((name) => name.startsWith("."))
    .map((name) => normalize(join(dirname(file), name)))
    .filter((target) => target.endsWith(".ts"));
}

function packagesOf(file: string): string[] {
  return imports.get(file)!.filter((name) => !name.startsWith("."));
}

function floorOf(file: string): number | undefined {
  return FLOORS.find(([prefix]) => file.startsWith(prefix))?.[1];
}

/** A circle of imports as a list of files, or an empty list. */
function findCircle(): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const target of localImports(file)) {
      const circle = imports.has(target) ? visit(target) : [];
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of files) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}
