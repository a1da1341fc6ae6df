/** `ignorecommand`: a program of the host's that says whether an id is to be ignored. Local mode only. */
import type { Target } from "../core/address.ts";
import type { JailConfig } from "../core/config/model.ts";

export interface IgnoreCommand {
  /** Whether the jail's ignorecommand, run for this id, exits with 0. Throws where it cannot be run. */
  ignores(jail: JailConfig, id: Target): Promise<boolean>;
}
