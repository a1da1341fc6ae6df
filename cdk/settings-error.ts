/** Mistakes in the settings, as people read them: where, what was given, what is allowed. */
import type * as z from "zod";
import { nearest } from "../shared/core/config/nearest.ts";

/** Thrown before anything is made; the message has a line for each mistake. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "SettingsError";
    this.problems = problems;
  }
}

export interface GivenSettings {
  readonly given: unknown;
  /** Where they are from: a file's name. */
  readonly source: string;
  /** The settings that there are, by the place they stand in ("" = the top). */
  readonly names: ReadonlyMap<string, readonly string[]>;
}

/** One line for each mistake, such as: fleet2ban.json: mode: "on" is not allowed; write "observe" or "enforce". */
export function settingsProblems(
  issues: readonly z.core.$ZodIssue[],
  { given, source, names }: GivenSettings,
): readonly string[] {
  return issues.flatMap((issue) => {
    const place = issue.path.join(".");
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map(
        (key) => `${source}: ${[...issue.path, key].join(".")}: ${noSetting(key, names.get(place) ?? [])}`,
      );
    }
    // Of a record, zod speaks of the key that is wrong; otherwise of the value.
    const wrong = issue.code === "invalid_key" ? issue.path.at(-1) : valueAt(given, issue.path);
    const allowed = issue.code === "invalid_key" ? issue.issues[0]?.message : issue.message;
    return [`${source}: ${place === "" ? "the settings" : place}: ${spell(wrong)} is not allowed; write ${allowed}`];
  });
}

function noSetting(key: string, names: readonly string[]): string {
  const near = nearest(key, names);
  return `there is no such setting; ${near === undefined ? `there are ${names.join(", ")}` : `${near} was probably meant`}`;
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], given);
}

function spell(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
