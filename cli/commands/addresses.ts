/** Addresses of a command: words of the command line, or a list on standard input, as blocklists are published. */
import { createInterface } from "node:readline";
import { parseNetwork } from "../../shared/core/address.ts";
import { CliFailure, EXIT_USAGE } from "../failure.ts";

/** The word that stands for standard input. */
export const STDIN = "-";
/** Wrong lines that are told one by one. */
const TOLD = 10;

/**
 * The words, or what the lines of `input` hold where the only word is "-": one address or network a line, with comments
 * behind # or ;. Throws a CliFailure that names the wrong lines by their numbers; then nothing of the list is to be used.
 */
export async function addressesOf(
  words: readonly string[],
  input: NodeJS.ReadableStream = process.stdin,
): Promise<readonly string[]> {
  if (!words.includes(STDIN)) return words;
  if (words.length > 1) {
    const next = "Give the addresses as words, or all of them as lines.";
    throw new CliFailure(`"${STDIN}" takes all addresses from standard input, so it stands alone`, {
      exitCode: EXIT_USAGE,
      next,
    });
  }
  const ids: string[] = [];
  const wrong: string[] = [];
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    const text = line.replace(/[#;].*$/, "").trim();
    if (text === "") continue;
    const id = parseNetwork(text);
    if (id === undefined) wrong.push(`line ${number}: ${JSON.stringify(text.slice(0, 60))}`);
    else ids.push(id);
  }
  if (wrong.length > 0) {
    const more = wrong.length > TOLD ? ` and ${wrong.length - TOLD} more` : "";
    throw new CliFailure(`neither an address nor a network: ${wrong.slice(0, TOLD).join(", ")}${more}`, {
      next: "Nothing was done. Each line takes one address or network; what follows # or ; is left out.",
    });
  }
  if (ids.length === 0) throw new CliFailure("standard input has no address", { exitCode: EXIT_USAGE });
  return ids;
}
