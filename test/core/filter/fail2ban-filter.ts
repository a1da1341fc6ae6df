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
