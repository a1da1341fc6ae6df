/** What `regex --explain` does: each line of the log, or the one line given, step by step. */
import { createIgnoreList, parseIgnoreWords } from "../../shared/core/detect/ignore.ts";
import { createNeverBan } from "../../shared/core/detect/never-ban.ts";
import { createExplainer } from "../../shared/core/filter/explain.ts";
import type { CompiledFilter } from "../../shared/core/filter/matcher.ts";
import { explain, formatExplanation } from "../../shared/core/report/explanation.ts";
import type { Terminal } from "../terminal.ts";
import type { LogLine } from "./journal-source.ts";

/** Explains each line by the filter as of `now` (epoch ms); with `json` one object a line. */
export async function explainLines(
  lines: AsyncIterable<LogLine>,
  filter: CompiledFilter,
  { now, json, terminal }: { readonly now: number; readonly json: boolean; readonly terminal: Terminal },
): Promise<void> {
  const { ignoreip } = filter.jail;
  const spares = { ignore: createIgnoreList(parseIgnoreWords(ignoreip).targets), neverBan: createNeverBan([]) };
  const explainNext = createExplainer(filter);
  let first = true;
  for await (const { text, at } of lines) {
    const line = text.replace(/[\r\n]+$/, "");
    if (line === "") continue;
    const explanation = explain(line, explainNext(line, now, at), filter, spares);
    if (json) terminal.line(JSON.stringify(explanation));
    else terminal.write(`${first ? "" : "\n"}${formatExplanation(explanation, terminal.zone)}`);
    first = false;
  }
}
