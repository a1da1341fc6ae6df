/**
 * Brings the hosts back to what the ban rows say: those that are new, rebooted, restored, were offline, or whose rules
 * somebody changed by hand.
 *
 * Every host is told to put its own firewall in order, which costs one command for the whole fleet and is all that most
 * hosts ever need. The full list goes to those whose answer shows that they do not know the bans of the rows.
 */
import { type HostLine, type HostsReport, hostsReport } from "../core/report/hosts-report.ts";
import type { Fleet } from "../ports/fleet.ts";
import type { HostRecord } from "../ports/hosts.ts";
import type { FleetHost, Inventory } from "../ports/inventory.ts";
import {
  awaitAnswers,
  type Check,
  type CheckDeps,
  type CheckedHost,
  checkHosts,
  partsOf,
  withFindings,
} from "./check-hosts.ts";
import { type CollectDeps, collectReceipts, noteAll } from "./collect-receipts.ts";
import { hostLine } from "./show-hosts.ts";

export interface ReconcileDeps extends CheckDeps, CollectDeps {
  readonly fleet: Fleet;
  readonly inventory: Inventory;
}

export interface Reconciled {
  readonly report: HostsReport;
  /** Hosts that were sent the full list. */
  readonly relisted: readonly string[];
  /** Hosts that are not among the fleet any more. */
  readonly forgotten: readonly string[];
}

/** What a host learnt so short a time (ms) before the list was read stays, as its clock may be slow. */
const CLOCK_ROOM = 60_000;
/** So many hosts are named in one command. */
const HOSTS_IN_COMMAND = 50;
/** About so many bans fit into one, be they of different moments. */
const BANS_IN_COMMAND = 1_200;
/** So many commands are spent on naming hosts; where it takes more, all hosts are sent the list, which does no harm. */
const MOST_COMMANDS = 8;

/** One check of the whole fleet. Throws PortError where the tables or SSM are not there; the next check repairs it. */
export async function reconcileFleet(deps: ReconcileDeps): Promise<Reconciled> {
  await collectReceipts(deps.now(), deps);
  const fleet = await deps.inventory.hosts();
  const records = new Map((await deps.hosts.all()).map((record) => [record.host, record]));
  const present = new Set(fleet.map(({ host }) => host));
  const forgotten = [...records.keys()].filter((name) => !present.has(name));
  for (const host of forgotten) await deps.hosts.forget(host);

  const online = fleet.filter((host) => host.online);
  const check = online.length > 0 ? await checkHosts(online, () => deps.fleet.apply([]), records, deps) : undefined;
  const relisted = check === undefined ? [] : await relist(check, deps);
  const checked = new Map([...(check?.checked ?? []), ...relisted].map((each) => [each.host.host, each]));
  const found = [...checked.values()].map(({ record }) => record);
  await noteAll(found, deps.hosts);

  const report = hostsReport(
    fleet.map((host) => lineOf(host, checked.get(host.host), records.get(host.host))),
    deps.now(),
  );
  measure(report, check?.reading.bans.length, deps);
  return { report, relisted: relisted.map(({ host }) => host.host), forgotten };
}

/** Sends the full list to the hosts that need it, and looks whether they have it now. */
async function relist({ checked, reading }: Check, deps: ReconcileDeps): Promise<readonly CheckedHost[]> {
  const needy = checked.filter(({ verdict }) => verdict.remedy === "full-list");
  if (needy.length === 0) return [];
  const names = needy.map(({ host }) => host.host);
  const hosts = addressees(names, reading.hostBans.length);
  const asOf = reading.beganAt - CLOCK_ROOM;
  const reports = await deps.fleet.reconcile(reading.hostBans, { asOf, ...(hosts === undefined ? {} : { hosts }) });
  const answers = await awaitAnswers(reports, names, deps);
  const done = new Map(
    names.map((name) => {
      const receipts = (answers.get(name) ?? []).filter(
        (each) => each.kind === "replied" && each.reply.kind === "done",
      );
      return [name, receipts.length];
    }),
  );
  // A list of several parts is taken by who has answered all of them.
  const parts = partsOf(reports);
  const revision = reading.hostBans.reduce((greatest, { firewall }) => Math.max(greatest, firewall.revision), 0);
  const before = new Map(
    needy.map(({ host, record }) => {
      const took = parts > 0 && done.get(host.host) === parts;
      // Who took the list is as good as new: what it lacks after that is another matter.
      return [host.host, took ? withFindings(record, undefined, revision) : record];
    }),
  );
  const second = await checkHosts(
    needy.map(({ host }) => host),
    () => deps.fleet.status(hosts),
    before,
    deps,
  );
  return second.checked;
}

/**
 * The hosts by name, or undefined for all of them. Each group of names takes every part of the list and a question after
 * it; to all hosts goes each once. The first group costs no more than that, however long the list is.
 */
function addressees(names: readonly string[], bans: number): readonly string[] | undefined {
  const groups = Math.ceil(names.length / HOSTS_IN_COMMAND);
  const parts = Math.max(1, Math.ceil(bans / BANS_IN_COMMAND));
  return groups === 1 || groups * (parts + 1) <= MOST_COMMANDS ? names : undefined;
}

function lineOf(host: FleetHost, checked: CheckedHost | undefined, record: HostRecord | undefined): HostLine {
  if (checked !== undefined) return hostLine(host, checked.record, checked.verdict.state);
  return hostLine(host, record, { kind: "out-of-sync", reason: { kind: "offline", since: host.seenAt } });
}

function measure({ hosts, inSync }: HostsReport, bans: number | undefined, { metrics }: ReconcileDeps): void {
  const silent = hosts.filter(
    ({ state }) => state.kind === "out-of-sync" && ["offline", "unanswered"].includes(state.reason.kind),
  ).length;
  metrics.level("Hosts", hosts.length);
  metrics.level("HostsInSync", inSync);
  metrics.level("HostsSilent", silent);
  metrics.level("HostsOutOfSync", hosts.length - inSync - silent);
  if (bans !== undefined) metrics.level("BansStanding", bans);
}
