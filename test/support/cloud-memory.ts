/** Ports of the control plane as plain objects in memory, for tests whose subject is something else. */
import type { Ban } from "../../shared/core/ban.ts";
import type { Bans } from "../../shared/ports/bans.ts";
import type { Commands, OpenCommand } from "../../shared/ports/commands.ts";
import type { HostRecord, Hosts } from "../../shared/ports/hosts.ts";
import type { Level, MetricName, Metrics, Stage } from "../../shared/ports/metrics.ts";

export function memoryHosts(): Hosts {
  const records = new Map<string, HostRecord>();
  return {
    note: async (record) => {
      if ((records.get(record.host)?.at ?? -1) < record.at) records.set(record.host, record);
    },
    all: async () => [...records.values()],
    forget: async (host) => void records.delete(host),
  };
}

export function memoryCommands(): Commands {
  const open = new Map<string, OpenCommand>();
  return {
    open: async (command) => void (open.has(command.id) || open.set(command.id, command)),
    opened: async () => [...open.values()].sort((a, b) => a.sentAt - b.sentAt),
    close: async (id) => void open.delete(id),
  };
}

/** Rows that a test changes by hand; only what reads them by jail. */
export function memoryRows(rows: Ban[]): Bans {
  const never = (): never => {
    throw new Error("this test reads rows by jail only");
  };
  return {
    put: never,
    lift: never,
    ofId: never,
    due: never,
    async *inJail(jail) {
      yield* rows.filter((row) => row.jail === jail);
    },
  };
}

export interface MemoryMetrics extends Metrics {
  readonly counts: Map<MetricName, number>;
  readonly delays: [Stage, number][];
  readonly levels: Map<Level, number>;
}

export function memoryMetrics(): MemoryMetrics {
  const counts = new Map<MetricName, number>();
  const delays: [Stage, number][] = [];
  const levels = new Map<Level, number>();
  return {
    counts,
    delays,
    levels,
    count: (name, by) => void counts.set(name, (counts.get(name) ?? 0) + by),
    delay: (stage, duration) => void delays.push([stage, duration]),
    level: (name, value) => void levels.set(name, value),
  };
}
