/** A fleet of nobody: says what a host would do, by the same rules, and does nothing. Takes no root. */
import type { HostChange, JailFirewall } from "../../core/firewall/change.ts";
import { digestOf } from "../../core/firewall/digest.ts";
import { hostKey } from "../../core/firewall/encode.ts";
import { refusalOf } from "../../core/firewall/enforceable.ts";
import { type Known, type Ledger, learn, standing, takeFullList } from "../../core/firewall/ledger.ts";
import { NO_COUNTS, type Receipt, type ReceiptCounts } from "../../core/firewall/receipt.ts";
import type { Fleet, FleetReport } from "../../ports/fleet.ts";

export interface DryRunFleetDeps {
  /** Takes one line of text for people. */
  readonly print: (line: string) => void;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Keeps what a host would know in memory, so that what is printed is the difference, as on a host. */
export function createDryRunFleet({ print, now }: DryRunFleetDeps): Fleet {
  let ledger: Ledger = new Map();
  const firewalls = new Map<string, JailFirewall>();

  const become = (
    mode: Receipt["mode"],
    changes: readonly HostChange[],
    next: (taken: readonly HostChange[], at: number) => Ledger,
  ) => {
    const at = Math.floor(now() / 1000) * 1000;
    const refused = changes.flatMap((change): FleetReport[] => {
      const refusal = refusalOf(change.target);
      return refusal === undefined ? [] : [{ kind: "refused", change, refusal }];
    });
    const taken = changes.filter((change) => refusalOf(change.target) === undefined);
    for (const change of taken) if (change.kind === "ban") firewalls.set(change.jail, change.firewall);
    const before = byKey(standing(ledger, at));
    const known = ledger;
    ledger = next(taken, at);
    const after = byKey(standing(ledger, at));
    const difference = { added: 0, retimed: 0, removed: 0 };
    for (const [key, ban] of after) {
      const old = before.get(key);
      if (old?.expiry === ban.expiry) continue;
      difference[old === undefined ? "added" : "retimed"] += 1;
      print(`would ban ${ban.target} in ${ban.jail} ${until(ban, at)}: ${ruleText(firewalls.get(ban.jail))}`);
    }
    for (const [key, ban] of before) {
      if (after.has(key)) continue;
      difference.removed += 1;
      print(`would unban ${ban.target} in ${ban.jail}`);
    }
    const counts = { ...countsOf(taken, known, ledger, at), ...difference, bans: after.size };
    const digest = digestOf(
      [...after.values()].map((ban) => ({ ...ban, expiresAt: ban.expiry === 0 ? undefined : ban.expiry * 1000 })),
      at,
    );
    const reply: Receipt = { ...EMPTY, ...counts, mode, at, digest };
    return [...refused, { kind: "replied", host: "dry run", reply } as const];
  };

  return {
    apply: async (changes) => become("apply", changes, (taken, at) => learn(ledger, taken, at)),
    reconcile: async (bans, scope) =>
      become("reconcile", bans, (taken, at) =>
        takeFullList(
          ledger,
          taken.filter((change) => change.kind === "ban"),
          at,
          scope?.asOf,
        ),
      ),
    status: async () => become("status", [], () => ledger),
    clear: async () => become("clear", [], () => new Map()),
  };
}

const EMPTY: Receipt = {
  kind: "done",
  script: "none",
  mode: "status",
  backend: "none",
  ipv6: true,
  bootId: "",
  at: 0,
  digest: "",
  faults: [],
  refusals: [],
  notes: [],
  ...NO_COUNTS,
};

function byKey(bans: readonly Known[]): ReadonlyMap<string, Known> {
  return new Map(bans.map((ban) => [hostKey(ban.jail, ban.target), ban]));
}

/** A change counts as new where the ledger now holds exactly it and did not before. */
function countsOf(changes: readonly HostChange[], before: Ledger, after: Ledger, at: number): Partial<ReceiptCounts> {
  const counts = { changes: changes.length, banned: 0, unbanned: 0, stale: 0, expired: 0 };
  for (const change of changes) {
    const key = hostKey(change.jail, change.target);
    const known = after.get(key);
    if (
      known === undefined ||
      known === before.get(key) ||
      known.generation !== change.generation ||
      known.kind !== change.kind
    )
      counts.stale += 1;
    else if (known.kind === "unban") counts.unbanned += 1;
    else if (known.expiry !== 0 && known.expiry * 1000 <= at) counts.expired += 1;
    else counts.banned += 1;
  }
  return counts;
}

function until(ban: Known, at: number): string {
  return ban.expiry === 0 ? "for ever" : `for ${ban.expiry - at / 1000} s`;
}

function ruleText(firewall: JailFirewall | undefined): string {
  if (firewall === undefined) return "no rule";
  const rules = firewall.rules.map(({ protocol, ports, block }) => {
    const list =
      ports === "all"
        ? "all ports"
        : `ports ${ports.map((p) => (p.first === p.last ? p.first : `${p.first}-${p.last}`)).join(",")}`;
    return `${protocol} ${list} ${block}`;
  });
  return `${rules.join("; ")} at ${firewall.hooks.join(", ")}`;
}
