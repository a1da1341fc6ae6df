/**
 * `npm run compat`: our filters and configuration against an installed Fail2Ban, or against `--fail2ban DIR`, a source tree
 * of any release. Ends with 1 where something differs that no exception explains, with 2 where there is nothing to compare.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareConfiguration } from "./configuration.ts";
import { findInstallation, readCorpus } from "./corpus.ts";
import { evaluate } from "./evaluate.ts";
import { type CompatReport, isCompatible, toJson, toPage, toText } from "./report.ts";
import { compareRows } from "./rows.ts";

const PAGE = join(import.meta.dirname, "../docs/compatibility.md");

try {
  const { values } = parseArgs({
    options: { fail2ban: { type: "string" }, json: { type: "boolean" }, write: { type: "boolean" } },
  });
  const installation = findInstallation(values.fail2ban);
  const report: CompatReport = {
    version: installation.version,
    evaluations: readCorpus(installation).map((combination) => evaluate(combination, installation.config)),
    configuration: compareConfiguration(installation),
    rows: await compareRows(installation),
  };
  if (values.write === true) writeFileSync(PAGE, toPage(report));
  console.log(values.json === true ? JSON.stringify(toJson(report), undefined, 2) : toText(report));
  process.exitCode = isCompatible(report) ? 0 : 1;
} catch (error) {
  // A person's command: what is missing is said in one line.
  console.error(`compat: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
