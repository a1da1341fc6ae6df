/** Who did what by hand, kept for a while. Bans carry their actor themselves; this keeps what leaves no row. */

export interface Deed {
  /** Who: in the cloud the caller's ARN. */
  readonly actor: string;
  /** Epoch ms. */
  readonly at: number;
  /** The command as typed, without the program's name: "set web unbanip 192.0.2.7". */
  readonly command: string;
  /** What came of it, in a few words: "1 lifted". */
  readonly outcome: string;
}

export interface Audit {
  note(deed: Deed): Promise<void>;
  /** The newest first, at most `limit`. */
  recent(limit: number): Promise<readonly Deed[]>;
}
