/** Figures for operators. Counting never fails and never waits. */

/** Things that happened, by how many; some of them by jail. */
export type MetricName =
  | "Lines"
  /** Lines of log groups that no jail reads: somebody subscribed too much. */
  | "LinesUnread"
  /** Payloads, log events or records that are not what they should be; set aside, not retried. */
  | "Malformed"
  /** Lines with a jail's literals in a shape that its prefregex does not know. */
  | "Unparsed"
  /** Matches whose id is no valid address. */
  | "Refused"
  | "FailuresCounted"
  | "FailuresIgnored"
  | "BansDecided"
  | "BansHeld"
  | "BansOver"
  | "Unbans"
  | "WindowConflicts"
  /** Host changes that no host takes. */
  | "ChangesRefused"
  /** Commands sent to hosts. */
  | "Commands"
  | "MailsSent"
  /** Bans that stand in a digest instead of a mail of their own. */
  | "MailsDigested"
  /** Searches that a regex with back-references gave up, its step budget spent. */
  | "BudgetsExceeded";

/** The stages of a ban's way, each timed from the end of the one before. */
export type Stage = "LineToIngest" | "IngestToBan" | "BanToCommand" | "CommandToReceipt";

/** What is so now. */
export type Level = "Hosts" | "HostsInSync" | "HostsOutOfSync" | "HostsSilent" | "BansStanding";

export interface Metrics {
  count(name: MetricName, by: number, jail?: string): void;
  /** How long one stage took, ms. */
  delay(stage: Stage, duration: number): void;
  level(name: Level, value: number): void;
}

/** Where nobody looks at figures: one machine, the demo, tests. */
export const NO_METRICS: Metrics = { count: () => undefined, delay: () => undefined, level: () => undefined };
