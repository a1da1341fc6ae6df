/** The comparison with Fail2Ban: its reader on a corpus of our own, and what it comes to on the installed one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Combination, findInstallation, readCorpus } from "../../compat/corpus.ts";
import { centralEurope, instantOf } from "../../compat/corpus-time.ts";
import { evaluate } from "../../compat/evaluate.ts";
import { exceptionFor } from "../../compat/exceptions.ts";
import { isCompatible, toPage, toText } from "../../compat/report.ts";
import { available } from "../support/require.ts";

const FILTER = `[Definition]
failregex = ^\\s*failed <F-USER>\\S+</F-USER> from <HOST>$
            <mode-<mode>>
mode-normal =
mode-strict = ^probed by <HOST>$
mode = normal
`;

const LOG = `# failJSON: {"match": true, "host": "192.0.2.1", "user": "eve", "time": "2005-06-14T13:45:00"}
2005-06-14 13:45:00 failed eve from 192.0.2.1
# failJSON: {"match": false, "desc": "somebody else"}
2005-06-14 13:45:00 accepted eve from 192.0.2.1
# filterOptions: [{"mode": "normal"}, {"mode": "strict"}]
# failJSON: {"match": true, "host": "192.0.2.2", "constraint": "opts.get('mode') == 'strict'"}
probed by 192.0.2.2
# filterOptions: {"test.condition": "name=='other'", "mode": "strict"}
skipped
# filterOptions: {"mode": "strict"}
# addFILE: "more"
2005-06-14 13:45:00 failed eve from 192.0.2.1
`;

const folder = mkdtempSync(join(tmpdir(), "fleet2ban-corpus-"));
const NO_ROWS = { rows: { agree: 0, total: 0 }, files: { agree: 0, total: 0 }, disagreements: [] };
afterAll(() => rmSync(folder, { recursive: true }));

function installed(log: string) {
  const files = {
    "fail2ban/version.py": 'version = "9.9"\n',
    "fail2ban/tests/files/logs/own": log,
    "fail2ban/tests/files/logs/more":
      '# failJSON: {"match": true, "host": "192.0.2.3", "attempts": 1}\nprobed by 192.0.2.3\n',
    "config/filter.d/own.conf": FILTER,
    "config/filter.d/own-common.conf": FILTER,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return findInstallation(folder);
}

const evaluateAll = (log: string) => {
  const installation = installed(log);
  return readCorpus(installation).map((combination) => evaluate(combination, installation.config));
};

describe("a corpus", () => {
  it("is read with its options, conditions and further files", () => {
    const shown = readCorpus(installed(LOG)).map(({ options, lines }: Combination) => [
      options,
      lines.map(({ file, number, expected }) => `${file}:${number} ${expected.match}`),
    ]);
    expect(shown).toEqual([
      [{}, ["own:2 true", "own:4 false"]],
      [{ mode: "strict" }, ["own:7 true", "own:12 false", "more:2 true"]],
    ]);
  });

  it("agrees where it does, and each difference is named with what was expected", () => {
    const evaluations = evaluateAll(LOG);
    expect(evaluations.map(({ lines }) => lines)).toEqual([
      { agree: 2, total: 2 },
      { agree: 2, total: 3 },
    ]);
    expect(evaluations[1]!.disagreements).toMatchObject([
      { file: "own", number: 12, aspect: "match", expected: "no match", got: "match" },
    ]);
  });

  it.each([
    { name: "a host", from: '"host": "192.0.2.1"', to: '"host": "192.0.2.9"', aspect: "host" },
    { name: "a time", from: "T13:45:00", to: "T13:45:01", aspect: "time" },
    { name: "a group", from: '"user": "eve"', to: '"user": "adam"', aspect: "groups" },
    { name: "a match", from: '"match": false', to: '"match": true', aspect: "match" },
    { name: "how many lines", from: '"user"', to: '"attempts": 2, "user"', aspect: "attempts" },
  ])("does not agree about $name that is another", ({ from, to, aspect }) => {
    const [first] = evaluateAll(LOG.replace(from, to));
    expect(first!.disagreements.map((each) => each.aspect)).toEqual([aspect]);
    const configuration = { jails: { agree: 0, total: 0 }, differences: [] };
    const report = { version: "9.9", evaluations: [first!], configuration, rows: NO_ROWS };
    expect(isCompatible(report)).toBe(false);
    expect(toText(report)).toContain(`own: own:${aspect === "match" ? 4 : 2}: ${aspect}: expected`);
  });

  it("fails as a whole where its filter cannot be loaded", () => {
    const installation = installed(LOG);
    writeFileSync(join(folder, "config/filter.d/own.conf"), "[Definition]\nfailregex = <HOST> (\n");
    const [first] = readCorpus(installation).map((combination) => evaluate(combination, installation.config));
    expect(first).toMatchObject({ lines: { agree: 0, total: 2 }, problem: expect.stringContaining("not closed") });
  });

  it.each([
    ["2005-06-14T13:45:00", Date.UTC(2005, 5, 14, 11, 45)],
    ["2005-1-4T3:5:0.25", Date.UTC(2005, 0, 4, 2, 5, 0, 250)],
  ])("has times of Central Europe: %s", (local, at) => expect(instantOf(local)).toBe(at));

  it("knows when summer begins and ends there", () => {
    const hours = [
      Date.UTC(2005, 2, 27, 0, 59),
      Date.UTC(2005, 2, 27, 1),
      Date.UTC(2005, 9, 29),
      Date.UTC(2005, 9, 31),
    ];
    expect(hours.map(centralEurope)).toEqual([60, 120, 120, 60]);
  });
});

describe.runIf(available(["python3", "fail2ban-regex"]))("the corpus of the installed Fail2Ban", () => {
  it("agrees in every line but for the listed exceptions", () => {
    const installation = findInstallation(undefined);
    const evaluations = readCorpus(installation).map((combination) => evaluate(combination, installation.config));
    const open = evaluations.flatMap(({ disagreements }) =>
      disagreements.filter((each) => exceptionFor(each) === undefined),
    );
    expect(open).toEqual([]);
    expect(evaluations.length).toBeGreaterThan(120);
    const total = evaluations.reduce((sum, { lines }) => sum + lines.total, 0);
    const matching = evaluations.reduce((sum, { aspects }) => sum + aspects.host.total, 0);
    console.log(`${total} lines in ${evaluations.length} combinations, ${matching} hosts compared`);
    expect(total).toBeGreaterThan(1_500);
    expect(matching).toBeGreaterThan(1_000);
  });

  it("is told on a page without a line of its text", () => {
    const installation = findInstallation(undefined);
    const [combination] = readCorpus(installation).filter(({ filter }) => filter === "sshd");
    const evaluations = [evaluate(combination!, installation.config)];
    const page = toPage({
      version: "1",
      evaluations,
      configuration: { jails: { agree: 1, total: 1 }, differences: [] },
      rows: NO_ROWS,
    });
    expect(page).toContain("| sshd |");
    expect(page).toContain("192.030.0.6");
    expect(combination!.lines.filter(({ text }) => page.includes(text))).toEqual([]);
  });
});
