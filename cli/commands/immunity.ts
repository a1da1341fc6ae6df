/** `--immune TIME`: for how long whom a person let go may not be banned again. */
import { InvalidArgumentError } from "commander";
import { parseDuration } from "../../shared/core/config/duration.ts";

/** Ms of a duration as jails write it: 90, 30m, 1d12h. Throws commander's InvalidArgumentError. */
export function duration(text: string): number {
  const parsed = parseDuration(text);
  if (parsed.kind !== "duration" || !(parsed.milliseconds > 0 && parsed.milliseconds <= LONGEST)) {
    throw new InvalidArgumentError("write a time such as 90 (seconds), 30m, 2h or 1d.");
  }
  return parsed.milliseconds;
}

/** A century: whom nobody may ever ban belongs on the ignore list. */
const LONGEST = 100 * 365 * 86_400_000;

/** The part of a request that says it; nothing where the option is absent. */
export function immunity({ immune }: { readonly immune?: number }): { readonly immune?: number } {
  return immune === undefined ? {} : { immune };
}
