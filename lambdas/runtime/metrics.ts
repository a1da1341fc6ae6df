/**
 * Metrics as log lines in CloudWatch's embedded metric format: no request, no waiting, nothing lost with a failed call.
 *
 * Gathered during an invocation and written at its end, so an invocation writes a few lines, not one per event. What is
 * counted by jail has two series: one of the stack, and one of the jail.
 */
import { METRIC_DIMENSIONS, METRIC_NAMESPACE } from "../../shared/contract/metric-space.ts";
import type { Metrics } from "../../shared/ports/metrics.ts";

export interface BufferedMetrics extends Metrics {
  /** Writes what was gathered as of `now` (epoch ms), and begins anew. */
  flush(now: number): void;
}

interface Unit {
  readonly name: string;
  readonly unit: "Count" | "Milliseconds";
}

/** The format takes up to 100 values of a metric; so many jails' own series are written of one invocation. */
const MOST_VALUES = 100;
const MOST_JAILS = 200;

/** `write` takes one line without its end; `stack` is every series' first dimension. */
export function createMetrics(stack: string, write: (line: string) => void): BufferedMetrics {
  let counts = new Map<string, number>();
  let byJail = new Map<string, Map<string, number>>();
  let delays = new Map<string, number[]>();
  let levels = new Map<string, number>();

  const emit = (now: number, jail: string | undefined, units: readonly Unit[], values: Record<string, unknown>) => {
    const dimensions = { [METRIC_DIMENSIONS.stack]: stack, ...(jail && { [METRIC_DIMENSIONS.jail]: jail }) };
    const metrics = units.map(({ name, unit }) => ({ Name: name, Unit: unit }));
    const space = { Namespace: METRIC_NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: metrics };
    write(JSON.stringify({ _aws: { Timestamp: now, CloudWatchMetrics: [space] }, ...dimensions, ...values }));
  };

  return {
    count(name, by, jail) {
      if (by === 0) return;
      add(counts, name, by);
      if (jail === undefined) return;
      const own = byJail.get(jail) ?? new Map<string, number>();
      if (byJail.size < MOST_JAILS) byJail.set(jail, own);
      add(own, name, by);
    },
    delay(stage, duration) {
      const values = delays.get(stage) ?? [];
      delays.set(stage, values);
      // Of more than fit, the longest are kept: they are what an alarm asks about.
      if (values.length < MOST_VALUES) values.push(Math.max(0, duration));
      else values[values.indexOf(Math.min(...values))] = Math.max(duration, Math.min(...values));
    },
    level: (name, value) => void levels.set(name, value),
    flush(now) {
      const units = (names: Iterable<string>, unit: Unit["unit"]) => [...names].map((name) => ({ name, unit }));
      const all = [
        ...units(counts.keys(), "Count"),
        ...units(levels.keys(), "Count"),
        ...units(delays.keys(), "Milliseconds"),
      ];
      if (all.length > 0) emit(now, undefined, all, Object.fromEntries([...counts, ...levels, ...delays]));
      for (const [jail, own] of byJail) emit(now, jail, units(own.keys(), "Count"), Object.fromEntries(own));
      counts = new Map();
      byJail = new Map();
      delays = new Map();
      levels = new Map();
    },
  };
}

function add(sums: Map<string, number>, name: string, by: number): void {
  sums.set(name, (sums.get(name) ?? 0) + by);
}
