/** Fail2Ban itself as the judge: its Python modules and its client, run on what a test makes up. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DumpCommand } from "../../../shared/core/config/dump-configuration.ts";

/** The interpreter that Debian's package is installed for. */
const PYTHON = "/usr/bin/python3";

/** A number as Python computed it, or why not. */
export type Computed = { readonly value: string } | { readonly error: string };

/** What fail2ban's str2seconds makes of each text. */
export function seconds(texts: readonly string[]): Computed[] {
  return ask("seconds", texts) as Computed[];
}

/** What Python's eval makes of each expression, with ban.Time = 600, ban.Count = 3 and banFactor = 1.5. */
export function evaluated(texts: readonly string[]): Computed[] {
  return ask("evaluated", texts) as Computed[];
}

export type ParsedIni = { readonly sections: Record<string, [string, string][]> } | { readonly error: string };

/** How fail2ban's parser takes each text apart. */
export function parsed(texts: readonly string[]): ParsedIni[] {
  return ask("parsed", texts) as ParsedIni[];
}

export type Tree = Readonly<Record<string, string>>;
export type Stream = { readonly stream: DumpCommand[] } | { readonly error: string };

/** The command stream that fail2ban's configurator makes of each tree of files. */
export function streams(trees: readonly Tree[]): Stream[] {
  const directories = trees.map(writeTree);
  try {
    return ask("streams", directories) as Stream[];
  } finally {
    for (const directory of directories) rmSync(directory, { recursive: true });
  }
}

/** The option lists that fail2ban finds in each text: [[name, {key: value}] | {error}, …]. */
export function optionLists(texts: readonly string[]): ([string, Record<string, string>] | { error: string })[][] {
  return ask("option_lists", texts) as ([string, Record<string, string>] | { error: string })[][];
}

/** `fail2ban-client -c DIRECTORY -d`, its Python lists as values. */
export function clientDump(directory: string): DumpCommand[] {
  const lists = execFileSync("fail2ban-client", ["-c", directory, "-d"], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return ask("literals", lists) as DumpCommand[];
}

/** Puts files into a new temporary directory. */
export function writeTree(tree: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = mkdtempSync(join(tmpdir(), "fleet2ban-config-"));
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

function ask(question: string, input: unknown): unknown {
  const answer = execFileSync(PYTHON, ["-c", SCRIPT, question], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["pipe", "pipe", "inherit"],
  });
  return JSON.parse(answer);
}

const SCRIPT = `
import ast, json, logging, math, os, signal, sys, tempfile, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from fail2ban.server.mytime import MyTime
from fail2ban.client.configparserinc import SafeConfigParserWithIncludes
from fail2ban.client.configurator import Configurator
from fail2ban.helpers import extractOptions, splitWithOptions

class Ban:
    Time, Count = 600, 3

def attempt(step):
    try:
        return step()
    except BaseException as e:
        return {"error": type(e).__name__}

def number(value):
    if isinstance(value, (bool, int)):
        return {"value": str(int(value))}
    if isinstance(value, float) and math.isfinite(value):
        return {"value": repr(value)}
    return {"error": "no finite number"}

def parse(text):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "x.conf")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        parser = SafeConfigParserWithIncludes()
        parser.read(path, get_includes=False)
        sections = {n: list(s.items()) for n, s in parser.get_sections().items()}
        if parser.get_defaults():
            sections["DEFAULT"] = list(parser.get_defaults().items())
        return {"sections": sections}

def too_slow(*_):
    raise TimeoutError

signal.signal(signal.SIGALRM, too_slow)

def stream(directory):
    # Options that double each other keep Fail2Ban busy for minutes; one such tree says nothing new.
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        return stream_of(directory)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)

def stream_of(directory):
    configurator = Configurator()
    configurator.setBaseDir(directory)
    configurator.readAll()
    configurator.getOptions()
    configurator.convertToProtocol(allow_no_files=True)
    return {"stream": configurator.getConfigStream()}

def extract(text):
    name, options = extractOptions(text)
    return [name, options]

QUESTIONS = {
    "seconds": lambda texts: [attempt(lambda: number(MyTime.str2seconds(t))) for t in texts],
    "evaluated": lambda texts: [attempt(lambda: number(eval(t, {"math": math, "ban": Ban, "banFactor": 1.5}))) for t in texts],
    "parsed": lambda texts: [attempt(lambda: parse(t)) for t in texts],
    "streams": lambda directories: [attempt(lambda: stream(d)) for d in directories],
    "option_lists": lambda texts: [[attempt(lambda: extract(e.strip())) for e in splitWithOptions(t) if e.strip()] for t in texts],
    "literals": lambda text: [ast.literal_eval(line) for line in text.splitlines() if line.startswith("[")],
}
sys.set_int_max_str_digits(0)
print(json.dumps(QUESTIONS[sys.argv[1]](json.load(sys.stdin))))
`;
