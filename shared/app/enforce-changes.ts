/**
 * Changes of ban rows become what the kernels of the hosts hold.
 *
 * Everything here may be repeated. A host that did not do its part is reported, not retried from here: the rows are the
 * truth, and a reconcile brings the host back to them.
 */
import type { Ban, BanChange } from "../core/ban.ts";
import type { HostBan, HostChange, JailFirewall } from "../core/firewall/change.ts";
import type { Fleet, FleetReport } from "../ports/fleet.ts";
import { stands } from "./show-status.ts";

export interface EnforceDeps {
  readonly fleet: Fleet;
  /** Compiled firewall actions by jail; jails without any are absent. */
  readonly firewalls: ReadonlyMap<string, JailFirewall>;
  /** Hash of the ruleset that the firewalls are of, where an unban that no host needs is worth being left out. */
  readonly ruleset?: string;
}

export interface EnforceReport {
  readonly hostChanges: readonly HostChange[];
  readonly reports: readonly FleetReport[];
  /** Reports of hosts that are not as they should be; reconcile them. */
  readonly unhealthy: readonly FleetReport[];
}

/**
 * Acts on changes in their order, as of `now` (epoch ms). Throws where the fleet does: deliver the changes again.
 */
export async function enforceChanges(
  changes: readonly BanChange[],
  now: number,
  deps: EnforceDeps,
): Promise<EnforceReport> {
  const hostChanges = changes.flatMap((change) => hostChange(change, now, deps) ?? []);
  const reports = hostChanges.length > 0 ? await deps.fleet.apply(hostChanges) : [];
  return { hostChanges, reports, unhealthy: reports.filter((report) => !isHealthy(report)) };
}

/** Bans as hosts take them, for a reconcile; a jail without firewall actions has none. */
export function hostBans(bans: readonly Ban[], firewalls: ReadonlyMap<string, JailFirewall>): readonly HostBan[] {
  return bans.flatMap((ban) => {
    const firewall = firewalls.get(ban.jail);
    return firewall === undefined ? [] : [hostBan(ban, firewall)];
  });
}

/** Whether the host holds what it should; a command under way is healthy until its receipt says otherwise. */
export function isHealthy(report: FleetReport): boolean {
  switch (report.kind) {
    case "sent":
      return true;
    case "refused":
      return false;
    case "replied":
      return report.reply.kind === "done" && report.reply.missing === 0 && report.reply.broken === 0;
  }
}

function hostChange(change: BanChange, now: number, { firewalls, ruleset }: EnforceDeps): HostChange | undefined {
  const { ban } = change;
  const firewall = firewalls.get(ban.jail);
  switch (change.kind) {
    case "banned":
    case "renewed":
      // A ban that is over needs no packet: the kernel's own clock has ended it, or will have.
      if (firewall === undefined || !stands(ban, now)) return undefined;
      return hostBan(ban, firewall);
    case "lifted":
      // A jail that is observed, and was when it banned: no host ever heard of it. Where a function with the ruleset before
      // was faster than a deployment, the reconcile that takes the jail's older bans off the hosts takes this one too.
      if (firewall === undefined && ban.ruleset === ruleset) return undefined;
      // Also for a jail that is observed or configured no more: its bans may still be in the kernel.
      return { kind: "unban", jail: ban.jail, target: ban.id, generation: ban.generation };
  }
}

function hostBan({ jail, id, expiresAt, generation }: Ban, firewall: JailFirewall): HostBan {
  return { kind: "ban", jail, target: id, expiresAt, generation, firewall };
}
