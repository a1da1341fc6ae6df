/** Counters for operators. Counting never fails and never waits. */
export type MetricName =
  | "FailuresCounted"
  | "FailuresIgnored"
  | "FailuresDuringBan"
  | "NamesUnresolved"
  | "BansDecided"
  | "BansHeld"
  | "BansOver"
  | "WindowConflicts"
  | "ChangesFailed";

export interface Metrics {
  count(name: MetricName, by: number, jail?: string): void;
}
