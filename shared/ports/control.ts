/** What people may change while it runs: allowlist entries and idle jails. Read as a whole; a read that fails throws. */

/** Who asked, and when (epoch ms). */
export interface Asked {
  readonly actor: string;
  readonly at: number;
}

/** What an entry is about; one entry per setting. `jail` undefined = every jail. */
export type ControlSetting =
  /** A word of ignoreip: address, network or DNS name. */
  | { readonly kind: "ignore"; readonly jail: string | undefined; readonly word: string }
  /** Takes a word of the configuration's ignoreip back. */
  | { readonly kind: "unignore"; readonly jail: string | undefined; readonly word: string }
  /** The jail neither counts nor bans. */
  | { readonly kind: "idle"; readonly jail: string };

export type ControlEntry = ControlSetting & Asked;

export interface Control {
  entries(): Promise<readonly ControlEntry[]>;
  /** Stores the entry; one with the same setting is replaced. */
  put(entry: ControlEntry): Promise<void>;
  /** Removes the setting; false = it was not there. */
  remove(setting: ControlSetting): Promise<boolean>;
}
