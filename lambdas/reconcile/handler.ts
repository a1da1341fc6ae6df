/**
 * Checks the fleet every few minutes, and soon after changes did not reach a host. The schedule alone would do: events of
 * EventBridge are best effort, so they only make it sooner.
 */
import { type ReconcileDeps, type Reconciled, reconcileFleet } from "../../shared/app/reconcile-fleet.ts";
import type { JailFirewall } from "../../shared/core/firewall/change.ts";
import type { HostsReport } from "../../shared/core/report/hosts-report.ts";
import type { Pace } from "../../shared/ports/pace.ts";
import type { Call } from "../runtime/invocation.ts";
import { decodeEvent, type Wake } from "./decode-event.ts";

export interface ReconcileHandlerDeps extends Omit<ReconcileDeps, "now" | "metrics" | "firewalls"> {
  /** Name of the host document. */
  readonly document: string;
  /** The firewalls of the jails, of the revision that the ruleset has in the fleet. */
  readonly firewalls: () => Promise<ReadonlyMap<string, JailFirewall>>;
  readonly pace: Pace;
}

/** What the function returns, for who invokes it by hand. */
export type Outcome =
  | { readonly kind: "checked"; readonly hosts: number; readonly inSync: number; readonly relisted: number }
  | { readonly kind: "skipped"; readonly reason: string };

/** Between two checks that failures set off, ms: a command fails at many hosts at once, and one check serves them all. */
const CHECK_GAP = 60_000;
/** Hosts that are named in the log at one check. */
const MOST_LOGGED = 50;

export function createHandler(deps: ReconcileHandlerDeps) {
  return async (event: unknown, call: Call): Promise<Outcome> => {
    const reason = await reasonToSkip(decodeEvent(event, deps.document), deps, call);
    if (reason !== undefined) {
      call.log.info("no check of the fleet now", { reason });
      return { kind: "skipped", reason };
    }
    const { firewalls, ...rest } = deps;
    const { metrics, now } = call;
    const reconciled = await reconcileFleet({ ...rest, metrics, now, firewalls: await firewalls() });
    tell(reconciled, call);
    const { hosts, inSync } = reconciled.report;
    return { kind: "checked", hosts: hosts.length, inSync, relisted: reconciled.relisted.length };
  };
}

async function reasonToSkip(wake: Wake, deps: ReconcileHandlerDeps, call: Call): Promise<string | undefined> {
  switch (wake.kind) {
    case "schedule":
      return undefined;
    case "irrelevant":
      return wake.reason;
    case "instance-started":
      // Its agent is not online yet, so no command would reach it.
      return `${wake.host} is starting; the next check finds it`;
    case "command-failed": {
      const { command, host = "some host", status } = wake;
      // A check's own commands carry no changes: if they fail at a host for good, they must not set off the next check.
      const opened = (await deps.commands.opened()).find(({ id }) => id === command);
      if (opened === undefined || opened.mode !== "apply" || opened.changes === 0) {
        return `the command that is ${status} at ${host} carried no changes`;
      }
      // Taken only where it is free: nobody waits for it.
      const wait = await deps.pace.reserve("check", CHECK_GAP, call.now(), 0);
      return wait === 0 ? undefined : "a check was made a moment ago";
    }
  }
}

function tell({ report, relisted, forgotten }: Reconciled, { log }: Call): void {
  log.info("the fleet was checked", {
    hosts: report.hosts.length,
    inSync: report.inSync,
    relisted: relisted.length,
    forgotten,
  });
  for (const { host, reason } of outOfSync(report).slice(0, MOST_LOGGED)) {
    log.warn("a host is not in sync", { host, reason });
  }
}

function outOfSync({ hosts }: HostsReport) {
  return hosts.flatMap(({ host, state }) => (state.kind === "in-sync" ? [] : [{ host, reason: state.reason }]));
}
