/**
 * Inputs that once broke something, kept: one JSON file each, {showed, input}. An input is text in parts, where a part
 * [text, times] is repeated, so that a bomb takes a line.
 */
import { readdirSync, readFileSync } from "node:fs";

export interface Kept {
  readonly name: string;
  /** What it showed. */
  readonly showed: string;
  readonly text: string;
}

type Part = string | readonly [text: string, times: number];

/** The inputs of one folder of the corpus; throws where there is none, for then a test would pass on nothing. */
export function corpus(folder: string): readonly Kept[] {
  const home = new URL(`corpus/${folder}/`, import.meta.url);
  const kept = readdirSync(home).map((file) => {
    const { showed, input } = JSON.parse(readFileSync(new URL(file, home), "utf8")) as {
      readonly showed: string;
      readonly input: readonly Part[];
    };
    const text = input.map((part) => (typeof part === "string" ? part : part[0].repeat(part[1]))).join("");
    return { name: file.replace(/\.json$/, ""), showed, text };
  });
  if (kept.length === 0) throw new Error(`the corpus has nothing in ${folder}`);
  return kept;
}
