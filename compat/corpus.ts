/**
 * Fail2Ban's own annotated logs, read as its own tests read them: each line, the filter and options it is run with, and
 * what must come of it. Nothing of them is part of this project; they are read where Fail2Ban is installed.
 *
 * `# filterOptions:` says with which options the lines below are run (several sets: with each), `# fileOptions:` what is
 * common to them, `# addFILE:` which file goes on, and `# failJSON:` what the next line comes to.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Where one Fail2Ban keeps things. */
export interface Installation {
  readonly version: string;
  /** The Python package's tests. */
  readonly tests: string;
  /** The configuration directory. */
  readonly config: string;
}

/** What a line must come to; absent where no annotation says so. */
export interface Expected {
  readonly match: boolean;
  readonly host?: string;
  /** Local time in Central Europe, "2005-06-14T13:45:00"; null = the line has no date. */
  readonly time?: string | null;
  /** How many lines made up the failure. */
  readonly attempts?: number;
  /** Groups of the regex, and the set `users`. */
  readonly groups: Readonly<Record<string, unknown>>;
}

/** One line, run with one set of options. */
export interface CorpusLine {
  readonly file: string;
  readonly number: number;
  readonly text: string;
  readonly expected: Expected;
}

/** A filter with options, and the lines that are run through it, in their order. */
export interface Combination {
  readonly filter: string;
  readonly options: Readonly<Record<string, string>>;
  /** The configuration directory that has the filter. */
  readonly directory: string;
  /** Whether its lines come from the journal: their time is known, and all of the line is text. */
  readonly journal: boolean;
  readonly lines: readonly CorpusLine[];
}

/** The installed package's, or that of a source tree or package directory. Throws where there is no corpus. */
export function findInstallation(directory: string | undefined): Installation {
  const source = directory ?? installedPackage();
  const packages = [join(source, "fail2ban"), source].find((path) => existsSync(join(path, "tests/files/logs")));
  if (packages === undefined) throw new Error(`${source} holds no Fail2Ban with its tests (tests/files/logs)`);
  const config = [join(source, "config"), "/etc/fail2ban"].find((path) => existsSync(join(path, "filter.d")));
  if (config === undefined) throw new Error(`there is no configuration beside ${source}, and no /etc/fail2ban`);
  return { version: versionOf(packages), tests: join(packages, "tests"), config };
}

function installedPackage(): string {
  const program = "import fail2ban, os; print(os.path.dirname(fail2ban.__file__))";
  try {
    return execFileSync("/usr/bin/python3", ["-c", program], { encoding: "utf8", cwd: "/" }).trim();
  } catch (cause) {
    throw new Error("Fail2Ban is not installed (apt-get install fail2ban), and no --fail2ban DIR says where it is", {
      cause,
    });
  }
}

function versionOf(packages: string): string {
  const text = readFileSync(join(packages, "version.py"), "utf8");
  return /^version = ["']([^"']+)/m.exec(text)?.[1] ?? "unknown";
}

/** Every filter with every set of options that the annotated logs name. */
export function readCorpus({ tests, config }: Installation): readonly Combination[] {
  const own = join(tests, "config");
  return [
    ...filtersIn(config, (name) => !name.endsWith("common")),
    ...filtersIn(own, (name) => name.startsWith("zzz-")),
  ].flatMap(({ name, directory }) => readLog(name, directory, join(tests, "files/logs")));
}

function filtersIn(directory: string, wanted: (name: string) => boolean) {
  const folder = join(directory, "filter.d");
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files
    .filter((file) => file.endsWith(".conf") && !file.startsWith("."))
    .map((file) => ({ name: basename(file, ".conf"), directory }))
    .filter(({ name }) => wanted(name))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

type Options = Readonly<Record<string, string>>;

const ANNOTATION = /^#+ ?(failJSON|fileOptions|filterOptions|addFILE):(.+)$/;

function readLog(filter: string, directory: string, logs: string): Combination[] {
  const combinations = new Map<string, { options: Options; lines: CorpusLine[] }>();
  const files = [filter];
  let common: Options = {};
  let chosen: readonly Options[] = [{}];
  for (const file of files) {
    const path = join(logs, file);
    if (!existsSync(path)) continue;
    let skipping = false;
    let annotation: Record<string, unknown> | undefined;
    for (const [index, raw] of readFileSync(path, "utf8").split("\n").entries()) {
      const text = raw.replace(/\r+$/, "");
      const [, kind, json] = annotation === undefined ? (ANNOTATION.exec(text) ?? []) : [];
      if (kind === "fileOptions") common = JSON.parse(json!) as Options;
      else if (kind === "addFILE") files.push(JSON.parse(json!) as string);
      else if (kind === "failJSON") annotation = JSON.parse(json!) as Record<string, unknown>;
      else if (kind === "filterOptions") {
        const sets = [JSON.parse(json!) as Options | readonly Options[]].flat() as Options[];
        skipping = false;
        chosen = sets.flatMap((set) => {
          const options = { ...common, ...set };
          if (options["test.condition"]) skipping = !holds(options["test.condition"], filter, options);
          return skipping ? [] : [options];
        });
      } else if (annotation === undefined && (text.startsWith("#") || text.trim() === "")) continue;
      else {
        const found = annotation;
        annotation = undefined;
        if (skipping) continue;
        for (const options of chosen) {
          if (!holds(found?.constraint as string | undefined, filter, options)) continue;
          const given = Object.fromEntries(Object.entries(options).filter(([name]) => !name.startsWith("test.")));
          const key = options["test.filter-name"] ?? JSON.stringify(given);
          const combination = combinations.get(key) ?? { options: given, lines: [] };
          combinations.set(key, combination);
          const line = `${options["test.prefix-line"] ?? ""}${text}`;
          combination.lines.push({ file, number: index + 1, text: line, expected: expectedOf(found) });
        }
      }
    }
  }
  return [...combinations.values()].map(({ options, lines }) => ({
    filter,
    options,
    directory,
    journal: options.logtype === "journal",
    lines,
  }));
}

function expectedOf(annotation: Readonly<Record<string, unknown>> | undefined): Expected {
  const { match, host, time, attempts, desc: _, constraint: __, ...groups } = annotation ?? {};
  return {
    match: match === true,
    ...(host === undefined ? {} : { host: String(host) }),
    ...(time === undefined ? {} : { time: time as string | null }),
    ...(attempts === undefined ? {} : { attempts: Number(attempts) }),
    groups,
  };
}

/** Conditions are Python expressions, of which the corpus uses three. Throws for any other. */
function holds(condition: string | undefined, name: string, options: Options): boolean {
  if (condition === undefined || condition === "") return true;
  const [, option, isNot, value] = /^opts\.get\('(\w+)'\) (==|!=) '(\w*)'$/.exec(condition) ?? [];
  if (option !== undefined) return (options[option] === value) === (isNot === "==");
  const [, wanted] = /^name ?== ?'([\w-]+)'$/.exec(condition) ?? [];
  if (wanted === undefined) throw new Error(`the corpus has a condition that is not known here: ${condition}`);
  return name === wanted;
}
