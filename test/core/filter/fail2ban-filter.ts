/** Fail2Ban's own Filter class as the judge of what a sequence of lines comes to. */
import { execFileSync } from "node:child_process";
import type { JailSketch } from "../../support/jail.ts";

/** One failure: the index of the line that completed it, who, and the lines that made it up. */
export interface Judged {
  readonly line: number;
  readonly id: string;
  readonly matches: readonly string[];
}

const PROGRAM = `
import json, logging, sys
logging.disable(logging.CRITICAL)
from fail2ban.server.filter import Filter

def judge(sketch, lines):
    flt = Filter(None, useDns="no")
    flt.checkFindTime = False
    flt.setMaxLines(sketch.get("maxlines", 1))
    if sketch.get("prefregex"): flt.prefRegex = sketch["prefregex"]
    for regex in sketch["failregex"]: flt.addFailRegex(regex)
    for regex in sketch.get("ignoreregex", []): flt.addIgnoreRegex(regex)
    found = []
    for index, line in enumerate(lines):
        for _, fid, _, fail in flt.processLine(("", "", line), 1000):
            found.append({"line": index, "id": str(fid), "matches": ["".join(m) for m in fail["matches"]]})
    return found

print(json.dumps([judge(sketch, lines) for sketch, lines in json.load(sys.stdin)]))
`;

/** What Fail2Ban finds in each sequence of lines, which have no dates; a new filter for each. */
export function judgeSequences(sequences: readonly (readonly [JailSketch, readonly string[]])[]): Judged[][] {
  const answer = execFileSync("/usr/bin/python3", ["-c", PROGRAM], {
    input: JSON.stringify(sequences),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return JSON.parse(answer) as Judged[][];
}

/** One failure of a line: by which regex, who, when (epoch seconds), and what the groups hold. */
export interface JudgedRow {
  readonly line: number;
  readonly regex: number;
  readonly id: string;
  readonly at: number | null;
  readonly groups: Readonly<Record<string, string | null>>;
}

const FILTERS = `
import json, logging, sys, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from fail2ban.server.filter import Filter
from fail2ban.server.ipdns import DNSUtils, IPAddr
from fail2ban.server.mytime import MyTime
from fail2ban.server.strptime import _updateTimeRE

given = json.load(sys.stdin)
MyTime.setTime(given["now"])
_updateTimeRE()
# A name stays a name: what it resolves to is no matter of a filter.
DNSUtils.dnsToIp = staticmethod(lambda name: [IPAddr(name)])

def judge(sketch, lines):
    try:
        flt = Filter(None, useDns=sketch["usedns"])
        flt.checkFindTime = False
        flt.setMaxLines(sketch.get("maxlines", 1))
        if "datepattern" in sketch: flt.setDatePattern("\\n".join(sketch["datepattern"]))
        if "prefregex" in sketch: flt.prefRegex = sketch["prefregex"]
        for regex in sketch["failregex"]: flt.addFailRegex(regex)
        for regex in sketch["ignoreregex"]: flt.addIgnoreRegex(regex)
    except Exception as e:
        return {"error": str(e)}
    found = []
    for index, line in enumerate(lines):
        try:
            rows = flt.processLine(line.rstrip("\\r\\n"))
        except Exception:
            # As its callers do: what it stumbles over is no failure.
            continue
        for regex, fid, at, fail in rows:
            groups = {k: v if v is None else str(v) for k, v in fail.items() if k != "matches"}
            found.append({"line": index, "regex": regex, "id": str(fid), "at": at, "groups": groups})
    return found

json.dump([judge(sketch, lines) for sketch, lines in given["trials"]], sys.stdout)
`;

/** What Fail2Ban's class finds in the lines of each trial at `now` (epoch seconds), or why it refuses the filter. */
export function judgeFilters(
  trials: readonly (readonly [JailSketch, readonly string[]])[],
  now: number,
): (readonly JudgedRow[] | { readonly error: string })[] {
  const answer = execFileSync("/usr/bin/python3", ["-c", FILTERS], {
    input: JSON.stringify({ trials, now }),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, TZ: "UTC" },
  });
  return JSON.parse(answer) as (readonly JudgedRow[] | { readonly error: string })[];
}
