/** `npm run rig`: builds the rig, runs the scenarios while telling what happens, prints a table, and takes all away again. */
import { appendFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { lambdaParts } from "../test/support/node24.ts";
import { DELAYS } from "./delays.ts";
import { formatMarkdown } from "./markdown.ts";
import { checkNeeds } from "./needs.ts";
import { formatReport, reportOf } from "./report.ts";
import { buildRig, type Rig } from "./rig.ts";
import { runStages } from "./run-stages.ts";
import { stagesOf } from "./scenarios/stages.ts";
import { createStory } from "./story.ts";

const HELP = `npm run rig -- [options]

A whole fleet on this machine: hosts with HAProxy in network namespaces, the Lambdas, tables, mail; then attacks.
It needs root. It touches nothing outside namespaces of its own and a folder for temporary files.

  --install       fetch the Debian packages that are missing
  --only TEXT     run the scenarios that have TEXT in their name
  --short         leave out the storm of bans and what takes as long
  --list          name the scenarios
  --json          print one object at the end, and nothing else
  --keep          leave everything up afterwards, until Ctrl-C, with the command line attached to it
  --record FILE   write the lines that HAProxy logs to FILE
  --report FILE   write date, machine and table to FILE, in Markdown
  --delays SET    none (default): AWS's services answer at once; aws: with the delays that they have
  --help          print this
`;

// What a later SDK will want is no news for who watches a fleet.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      ...{ install: { type: "boolean" }, json: { type: "boolean" }, keep: { type: "boolean" } },
      ...{ only: { type: "string" }, record: { type: "string" }, report: { type: "string" } },
      delays: { type: "string" },
      ...{ short: { type: "boolean" }, list: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    },
  });
  const { json = false, only } = values;
  let isOver = false;
  const say = (line: string) => {
    if (!json && !isOver) process.stdout.write(`${line}\n`);
  };
  const stages = stagesOf(values.short ? "short" : "whole");
  const names = stages.flatMap(({ scenarios }) => scenarios.map(({ name }) => name));
  if (values.help || values.list) {
    process.stdout.write(values.help ? HELP : `${names.join("\n")}\n`);
    return 0;
  }
  const delays = Object.values(DELAYS).find(({ name }) => name === (values.delays ?? "none"));
  if (delays === undefined) return refuse(`--delays takes one of ${Object.keys(DELAYS).join(", ")}`);
  if (only !== undefined && !names.some((name) => name.includes(only)))
    return refuse(`no scenario has "${only}" in its name; --list names them`);
  for (const file of [values.record, values.report]) {
    const trouble = file === undefined ? undefined : troubleWith(file);
    if (trouble !== undefined) return refuse(trouble);
  }
  const needs = checkNeeds(values.install ?? false);
  if (needs.kind === "lacking") return refuse(`the rig cannot run here: ${needs.reason}`);
  const begun = performance.now();
  const parts = await lambdaParts();
  if (parts === undefined) return 1;
  say("Building the fleet: namespaces, HAProxy, the Lambdas' assets, tables. A first run takes a minute or more.");
  const story = createStory(say);
  const rig = await buildRig({ parts, story, delays, record: values.record });
  standing = rig;
  try {
    const results = await runStages(stages, rig, only);
    const report = reportOf(results, (performance.now() - begun) / 1000, delays.name, rig.lines());
    if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    else say(`\n${formatReport(report)}`);
    if (values.report !== undefined) writeFileSync(values.report, formatMarkdown(report));
    if (values.keep) await stay(rig, say);
    return report.passed ? 0 : 1;
  } finally {
    isOver = true;
    await rig.close();
  }
}

/** Why a file cannot be written, told now and not after minutes. */
function troubleWith(file: string): string | undefined {
  try {
    appendFileSync(file, "");
    return undefined;
  } catch (error) {
    return `${file} cannot be written: ${error instanceof Error ? error.message : error}`;
  }
}

function refuse(reason: string): number {
  process.stderr.write(`${reason}\n`);
  return 1;
}

/** Waits for Ctrl-C and says how to play with what is up. */
async function stay(rig: Rig, say: (line: string) => void): Promise<void> {
  say("\nEverything is up until Ctrl-C. From the project's folder, in another terminal:");
  say(`  ${rig.cloud.attach} node cli/bin.mjs status --stack rig`);
  for (const name of rig.fleet) say(`  ${rig.host(name).prefix.join(" ")} sh     # on ${name}, ${rig.host(name).v4}`);
  await new Promise(() => undefined);
}

/** What is up, for a signal. */
let standing: Rig | undefined;

// Namespaces, processes and files go with this process whichever way it ends; with time they go in order.
const end = () => process.exit(130);
let isEnding = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    if (standing === undefined || isEnding) end();
    isEnding = true;
    setTimeout(end, 10_000);
    standing?.close().then(end, end);
  });

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    process.exit(1);
  },
);
