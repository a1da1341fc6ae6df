/** What `regex --injection` does: looks for a text in the {{marked}} parts of a line that frames another address. */
import type { CompiledFilter } from "../../shared/core/filter/matcher.ts";
import { culpritOf, findForgery, parseMarkedLine, writeLine } from "../../shared/core/lint/forgery.ts";
import type { CommandContext } from "../command-context.ts";
import { CliFailure, EXIT_REFUSED, EXIT_USAGE } from "../failure.ts";

/** For documentation (RFC 5737): nobody's. */
const FRAMED = "203.0.113.66";

/** Prints whom the filter takes in the sample, and the proof where there is one; then it exits with 255. */
export function tryInjection(
  sample: string,
  filter: CompiledFilter,
  { now, json }: { readonly now: number; readonly json: boolean },
  { terminal, exit }: CommandContext,
): void {
  const line = parseMarkedLine(sample);
  if (line === undefined) {
    throw new CliFailure("the line marks nothing that a client chooses", {
      exitCode: EXIT_USAGE,
      next: "Put what a client chooses in double braces: 'login of {{bob}} from 192.0.2.1'.",
    });
  }
  const takes = culpritOf(filter, writeLine(line), now);
  if (takes === undefined) {
    throw new CliFailure("the filter does not match the line, so nothing can be said of it", {
      next: "Look where it stops: fleet2ban regex --explain LINE FILTER",
    });
  }
  const proof = findForgery(filter, line, { framed: FRAMED, now });
  if (proof !== undefined) exit(EXIT_REFUSED);
  if (json) {
    terminal.json({ sample: writeLine(line), takes, framed: proof && FRAMED, proof });
    return;
  }
  const plain = (text: string) => text.replace(/\p{C}/gu, "·");
  terminal.line(`sample  ${plain(writeLine(line))}`);
  terminal.line(`takes   ${takes}`);
  if (proof === undefined) terminal.line("no text was found in the marked parts that makes it take another address");
  else {
    terminal.line(`proof   ${plain(proof)}`);
    terminal.line(`takes   ${FRAMED}: a client can have anybody banned`);
    terminal.line("        Match the line strictly from ^ up to the address, without .* and .*?, and on to $.");
  }
}
