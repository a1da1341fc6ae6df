/**
 * The compiled ruleset: what `cdk synth` makes of the configuration directory, and all that Lambdas know of it.
 *
 * It is one JSON file beside the handlers. Nothing in it needs a file, a clock or a name server to be read.
 */
import type { JailConfig } from "../core/config/model.ts";

/** The file's name inside the Lambda asset. */
export const RULESET_FILE = "ruleset.json";

export interface CompiledRuleset {
  readonly format: 1;
  /** Hash of everything below: bans carry it. */
  readonly hash: string;
  /** Enabled and sound. */
  readonly jails: readonly JailConfig[];
  /** Jails that decide and tell, but have nothing enforced. */
  readonly observed: readonly string[];
  /** Which jails read each log group; jails that read nothing but our own bans (recidive) are in none. */
  readonly logGroups: Readonly<Record<string, readonly string[]>>;
  /** The text of each `file:` list of ignoreip, by its path. */
  readonly lists: Readonly<Record<string, string>>;
  /** Addresses and networks that no jail may ban: the fleet's own networks, what a person protects. */
  readonly neverBan: readonly string[];
  /** Bans a minute that stop a jail. */
  readonly bansPerMinute: number;
}
