/** `npm run storm`: seeds through the storm, one seed again, or each guard broken in turn. */
import { parseArgs } from "node:util";
import { GUARDS, stormWithout } from "./guards.ts";
import { runStorm, type StormReport } from "./storm.ts";

const USAGE = `npm run storm                     a thousand seeds
npm run storm -- --seed 42        one seed again
npm run storm -- --seeds 1+5000   the seeds 1 to 5000
npm run storm -- --guards         breaks each guard in turn, and says how many of 100 seeds notice
  --json                          one JSON object
`;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "1+1000" },
    guards: { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) process.stdout.write(USAGE);
else if (values.guards) await breakGuards();
else await storms(values.seed === undefined ? values.seeds : `${values.seed}+1`);
// Whoever ended in a story still waits for its world, which has stopped.
process.exit();

async function storms(range: string): Promise<void> {
  const [, from, count] = /^(\d{1,9})\+(\d{1,6})$/.exec(range) ?? [];
  if (from === undefined || count === undefined) {
    process.stderr.write(`error: "${range}" is no range of seeds\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const reports: StormReport[] = [];
  for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
    const report = await runStorm(seed);
    reports.push(report);
    if (report.broken.length === 0 || values.json) continue;
    process.stdout.write(`seed ${seed}:\n${report.broken.map((rule) => `  ${rule}\n`).join("")}`);
  }
  const bad = reports.filter(({ broken }) => broken.length > 0).length;
  if (bad > 0) process.exitCode = 1;
  const sum = (figure: (report: StormReport) => number) => reports.reduce((total, report) => total + figure(report), 0);
  const figures = {
    seeds: reports.length,
    broken: bad,
    failures: sum(({ failures }) => failures),
    bans: sum(({ bans }) => bans),
    commands: sum(({ commands }) => commands),
    lost: sum(({ lost }) => lost),
  };
  if (values.json) process.stdout.write(`${JSON.stringify({ ...figures, reports })}\n`);
  else {
    const { seeds, failures, bans, commands, lost } = figures;
    process.stdout.write(
      `${seeds} seeds: ${failures} failures, ${bans} bans, ${commands} commands, ${lost} failures in dead letters; ${bad} seeds broke a rule\n`,
    );
  }
}

async function breakGuards(): Promise<void> {
  const results: { name: string; caught: number; seeds: number }[] = [];
  for (const guard of GUARDS) {
    const reports = await stormWithout(guard, 1, 100);
    const caught = reports.filter(({ broken }) => broken.length > 0).length;
    results.push({ name: guard.name, caught, seeds: reports.length });
    if (caught === 0) process.exitCode = 1;
    if (!values.json) process.stdout.write(`${String(caught).padStart(4)} of ${reports.length}  ${guard.name}\n`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ guards: results })}\n`);
}
