/**
 * Fail2Ban's own filters and annotated logs, read from the installed package at run time: every regex that its readers
 * come to, and every search that its own tests of filters make, with Python's answer.
 */
import { execFileSync } from "node:child_process";
import { mergeGroups } from "../../../shared/core/regex/host-tags.ts";
import type { RegexMatch } from "../../../shared/core/regex/match.ts";
import { expectSame } from "./judge.ts";

/** What one search found. */
export interface Found {
  /** [start, end) in code points. */
  readonly span: readonly [number, number];
  readonly groups: Readonly<Record<string, string | null>>;
  /** After Fail2Ban's merging of alt_ and tuple_ names. */
  readonly merged: Readonly<Record<string, string | null>>;
}

export interface CorpusRegex {
  /** As it stands in the filter, tags unexpanded. */
  readonly raw: string;
  /** Fail2Ban's expansion. */
  readonly expanded: string;
  readonly multiline: boolean;
  readonly usedns: "yes" | "warn" | "no" | "raw";
  readonly searches: readonly Search[];
}

export interface Search {
  readonly text: string;
  readonly found: Found | null;
}

const PROGRAM = `
import glob, json, os, sys, unittest
out = sys.stdout
sys.stdout = open(os.devnull, "w")
from fail2ban.server import failregex
from fail2ban.server.filter import Filter
from fail2ban.client.filterreader import FilterReader
from fail2ban.tests import samplestestcase, utils

made = {}
Regex = failregex.Regex
plain_init, plain_search = Regex.__init__, Regex.search

def init(self, regex, multiline=False, **options):
    plain_init(self, regex, multiline=multiline, **options)
    usedns = options.get("useDns", "yes")
    self.record = made.setdefault((regex, bool(multiline), usedns), {
        "raw": regex, "expanded": self._regex, "multiline": bool(multiline), "usedns": usedns, "searches": {}})

def text_of(groups):
    return {name: value if value is None or isinstance(value, str) else str(value) for name, value in groups.items()}

def search(self, lines, *rest):
    plain_search(self, lines, *rest)
    text = lines if isinstance(lines, str) else self._tupleLinesBuf(lines)
    match = self._matchCache
    self.record["searches"].setdefault(text, match and {
        "span": match.span(), "groups": match.groupdict(), "merged": text_of(self.getGroups())})

Regex.__init__, Regex.search = init, search
options = utils.getOptParser("").parse_args([])[0]
utils.initProcess(options)
utils.initTests(options)
cases = unittest.defaultTestLoader.loadTestsFromTestCase(samplestestcase.FilterSamplesRegex)
unittest.TextTestRunner(stream=sys.stdout).run(cases)

for path in sorted(glob.glob("/etc/fail2ban/filter.d/*.conf")):
    name = os.path.basename(path)[:-len(".conf")]
    if name.endswith("common"): continue
    reader = FilterReader(name, "jail", {}, basedir="/etc/fail2ban")
    reader.read()
    reader.getOptions({})
    lines = 1
    for option in reader.convert():
        if option[2] == "maxlines": lines = int(option[3])
    for option in reader.convert():
        if option[2] in ("prefregex", "addfailregex", "addignoreregex"):
            for regex in option[3] if option[0] == "multi-set" else [option[3]]:
                if regex: Regex(regex, multiline=option[2] == "addfailregex" and lines > 1)

out.write(json.dumps([{**made_regex, "searches": [{"text": text, "found": found} for text, found in made_regex["searches"].items()]}
    for made_regex in made.values()]))
`;

/** Runs Fail2Ban's tests of filters under Python and writes down what they ask and get; about two seconds. */
export function readCorpus(): readonly CorpusRegex[] {
  const output = execFileSync("/usr/bin/python3", ["-c", PROGRAM], { maxBuffer: 1 << 28, encoding: "utf8", cwd: "/" });
  return JSON.parse(output) as CorpusRegex[];
}

/** Holds what one of our engines found against Python's answer: where, and every group before and after merging. */
export function expectFound(match: RegexMatch | undefined, { text, found }: Search, raw: string): void {
  const got = match && {
    span: [match.index, match.end],
    groups: match.groups,
    merged: mergeGroups(match.groups),
  };
  const expected = found && {
    span: found.span.map((at) => Array.from(text).slice(0, at).join("").length),
    groups: withoutNull(found.groups),
    merged: withoutNull(found.merged),
  };
  expectSame(got ?? null, expected, () => `${raw}\n${text}`);
}

function withoutNull(groups: Readonly<Record<string, string | null>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, text ?? undefined]));
}
