/** What hosts answered, in words, and when to bring them back to what they should be. */
import type { FleetReport } from "../../shared/ports/fleet.ts";

/** Codes of the host script that no repetition mends: a person has to do something first. */
const HOPELESS = new Set(["no-firewall", "not-root", "no-state", "bad-call"]);

/** One sentence about a report that is not as it should be. */
export function describeReport(report: FleetReport): string {
  switch (report.kind) {
    case "sent":
      return `a command is on its way to ${report.to}`;
    case "refused":
      return `${report.change.target} of ${report.change.jail} is refused by every host: ${report.refusal}`;
    case "replied": {
      const { host, reply } = report;
      if (reply.kind !== "done") return `the firewall of ${host} did not change: ${reply.message}`;
      const faults = reply.faults.length === 0 ? "" : `: ${reply.faults.join("; ")}`;
      return `${host} lacks ${reply.missing} bans and ${reply.broken} rules${faults}`;
    }
  }
}

/** The message of a failure that will not go away by itself, if there is one. */
export function hopelessFailure(reports: readonly FleetReport[]): string | undefined {
  for (const report of reports) {
    if (report.kind !== "replied" || report.reply.kind !== "failed") continue;
    if (HOPELESS.has(report.reply.code)) return report.reply.message;
  }
  return undefined;
}

export interface Schedule {
  /** Something went wrong at `now` (epoch ms): try again later, and later each time. */
  failed(now: number): void;
  /** All is well. */
  succeeded(): void;
  /** Whether it is time to try again. */
  isDue(now: number): boolean;
}

const SHORTEST = 10_000;
const LONGEST = 300_000;

/** Doubling waits from ten seconds to five minutes. */
export function createSchedule(): Schedule {
  let wait = SHORTEST;
  let due: number | undefined;
  return {
    failed(now) {
      due = now + wait;
      wait = Math.min(2 * wait, LONGEST);
    },
    succeeded() {
      due = undefined;
      wait = SHORTEST;
    },
    isDue: (now) => due !== undefined && now >= due,
  };
}
