/** Where metrics lie in CloudWatch; their names are the port's (shared/ports/metrics.ts). */

export const METRIC_NAMESPACE = "fleet2ban";

/** Dimensions: every metric has the stack; those that are counted by jail also have a second series with both. */
export const METRIC_DIMENSIONS = { stack: "Stack", jail: "Jail" } as const;
