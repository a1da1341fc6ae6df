/** `npm run storm`: seeds through the storm, one seed again, or each guard broken in turn. */
import { parseArgs } from "node:util";
import { GUARDS } from "./guards.ts";
import { runStorms } from "./run-storms.ts";
import type { StormReport } from "./storm.ts";

const USAGE = `npm run storm                     a thousand seeds, or up to the first that breaks a rule
npm run storm -- --seed 42        one seed again
npm run storm -- --seeds 1+5000   the seeds 1 to 5000
npm run storm -- --guards         breaks each guard in turn, and says how many of 200 seeds notice
npm run storm -- --guards --seeds 1+50
  --json                          one JSON object
`;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    guards: { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
const asked = values.seed === undefined ? (values.seeds ?? (values.guards ? "1+200" : "1+1000")) : `${values.seed}+1`;
const [, from, count] = /^(\d{1,10})\+(\d{1,6})$/.exec(asked) ?? [];
if (values.help) process.stdout.write(USAGE);
else if (from === undefined || count === undefined) {
  process.stderr.write(`error: "${asked}" is no range of seeds\n\n${USAGE}`);
  process.exitCode = 2;
} else if (values.guards) await breakGuards(Number(from), Number(count));
else await storms(Number(from), Number(count));

/** Up to the first seed that breaks a rule. */
async function storms(from: number, count: number): Promise<void> {
  const began = performance.now();
  let done = 0;
  const reports = await runStorms(from, count, undefined, ({ broken }) => {
    done += 1;
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${count} seeds`);
    return broken.length > 0;
  });
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  const bad = reports.filter(({ broken }) => broken.length > 0);
  if (bad.length > 0) process.exitCode = 1;
  const sum = (figure: (report: StormReport) => number) => reports.reduce((total, report) => total + figure(report), 0);
  const figures = {
    seeds: reports.length,
    broken: bad.length,
    events: sum(({ events }) => events),
    faults: sum(({ faults }) => faults),
    failures: sum(({ failures }) => failures),
    bans: sum(({ bans }) => bans),
    commands: sum(({ commands }) => commands),
    lost: sum(({ lost }) => lost),
    seconds: Math.round((performance.now() - began) / 1000),
  };
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ...figures, reports })}\n`);
    return;
  }
  for (const { seed, broken } of bad) {
    const rules = broken.map((rule) => `  ${rule}\n`).join("");
    process.stdout.write(`seed ${seed} broke a rule; again: npm run storm -- --seed ${seed}\n${rules}`);
  }
  const { seeds, events, faults, failures, bans, commands, seconds } = figures;
  process.stdout.write(
    `${seeds} of the seeds ${from} to ${from + count - 1}: ${events} events, ${faults} faults, ${failures} failures, ${bans} bans, ${commands} commands, in ${seconds} s; ${bad.length > 0 ? "broken" : "no rule was broken"}\n`,
  );
}

/** A table as Markdown has it. */
async function breakGuards(from: number, count: number): Promise<void> {
  const results: { name: string; file: string; caught: number; seeds: number; first: number | undefined }[] = [];
  const say = (...cells: readonly unknown[]) => {
    if (!values.json) process.stdout.write(`| ${cells.join(" | ")} |\n`);
  };
  say("guard", "where", `noticed by, of ${count} seeds`, "first");
  say("---", "---", "--:", "--:");
  for (const guard of GUARDS) {
    const noticed = (await runStorms(from, count, guard)).filter(({ broken }) => broken.length > 0);
    const { name, file } = guard;
    const first = noticed[0]?.seed;
    results.push({ name, file, caught: noticed.length, seeds: count, first });
    if (first === undefined) process.exitCode = 1;
    say(name, `\`${file}\``, noticed.length, first ?? "–");
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ guards: results })}\n`);
}
