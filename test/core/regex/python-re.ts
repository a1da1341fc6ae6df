/** Python's own `re`, kept running: questions go in as lines of JSON, answers come out in the same order. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** One pattern against some texts. `flags`: Python's letters, such as "m". */
export interface Question {
  readonly pattern: string;
  readonly flags?: string;
  readonly texts: readonly string[];
}

/** A match: [start, end) of each group, 0 first, in code points; null where a group took no part. */
export type PythonMatch = readonly (readonly [number, number] | null)[];

export type Answer =
  | { readonly kind: "matches"; readonly matches: readonly (PythonMatch | null)[] }
  | { readonly kind: "refused"; readonly message: string; readonly position: number | null }
  | { readonly kind: "slow" };

/** Python backtracks: a pattern that takes it longer than this on its texts is left out. */
const PATIENCE_SECONDS = 0.05;

const PROGRAM = `
import json, re, signal, sys, warnings
warnings.simplefilter("ignore")
class Slow(Exception): pass
armed = False
def slow(*_):
    if armed: raise Slow()
signal.signal(signal.SIGALRM, slow)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        compiled = re.compile(asked["pattern"], sum(getattr(re, f.upper()) for f in asked.get("flags", "")))
        armed = True
        signal.setitimer(signal.ITIMER_REAL, ${PATIENCE_SECONDS})
        matches = []
        for text in asked["texts"]:
            found = compiled.search(text)
            matches.append(found and [s if s[0] >= 0 else None for s in map(found.span, range(compiled.groups + 1))])
        armed = False
        answer = {"kind": "matches", "matches": matches}
    except (re.error, OverflowError, ValueError) as failure:
        answer = {"kind": "refused", "message": str(failure), "position": getattr(failure, "pos", None)}
    except Slow:
        answer = {"kind": "slow"}
    armed = False
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(json.dumps(answer), flush=True)
`;

/** Starts Python; `stop` ends it. Answers are asked for one batch at a time. */
export function startPython(): { ask(questions: readonly Question[]): Promise<Answer[]>; stop(): void } {
  const child: ChildProcess = spawn("/usr/bin/python3", ["-c", PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    async ask(questions) {
      child.stdin!.write(questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
      const answers: Answer[] = [];
      while (answers.length < questions.length) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error("python3 ended early");
        answers.push(JSON.parse(value) as Answer);
      }
      return answers;
    },
    stop() {
      child.stdin!.end();
    },
  };
}
