/** Reads the compiled ruleset that the deployment put beside the handler. */
import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import type { CompiledRuleset } from "../../shared/contract/ruleset.ts";

/** The format that this program knows. */
const FORMAT = 1;

const head = z.looseObject({ format: z.number() });
const body = z.looseObject({
  hash: z.string().check(z.minLength(1)),
  jails: z.array(z.looseObject({ name: z.string() })),
  observed: z.array(z.string()),
  logGroups: z.record(z.string(), z.array(z.string())),
  lists: z.record(z.string(), z.string()),
  neverBan: z.array(z.string()),
  bansPerMinute: z.number().check(z.positive()),
});

export interface LoadedRuleset {
  readonly ruleset: CompiledRuleset;
  /** The file's text. */
  readonly text: string;
}

/** Throws an Error that names the file, what is wrong with it and what to do. */
export function loadRuleset(file: URL): LoadedRuleset {
  const text = readText(file);
  return { ruleset: parseRuleset(text, file.pathname), text };
}

/** The ruleset that a text holds; `place` is named in errors. */
export function parseRuleset(text: string, place: string): CompiledRuleset {
  const json = parseJson(text, place);
  const format = z.safeParse(head, json);
  if (!format.success) throw new Error(`${place} is no ruleset: it names no format. Deploy the stack again.`);
  if (format.data.format !== FORMAT) {
    const found = `${place} has format ${format.data.format}, and this program knows ${FORMAT}`;
    throw new Error(`${found}. Deploy program and ruleset together, with one version of fleet2ban.`);
  }
  const parsed = z.safeParse(body, json);
  if (!parsed.success) {
    const names = parsed.error.issues.map((issue) => issue.path.join("."));
    throw new Error(`${place} is broken at ${names.join(", ")}. Deploy the stack again.`);
  }
  // The jails are what `cdk synth` wrote from the same types: checked there with their files and lines.
  return json as CompiledRuleset;
}

function readText(file: URL): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(`${file.pathname} cannot be read. Deploy the stack again.`, { cause });
  }
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${place} is no JSON. Deploy the stack again.`, { cause });
  }
}
