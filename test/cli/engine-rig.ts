/** An engine on a state in memory, with a ruleset compiled from text, and everything it does kept. */

import { createEngine, type Engine } from "../../cli/engine/engine.ts";
import { createRuleset, type Ruleset } from "../../cli/engine/ruleset.ts";
import { createMemoryState, type LocalState } from "../../shared/adapters/local/state/local-state.ts";
import { createCachedResolver } from "../../shared/app/resolve-names.ts";
import { compileConfiguration } from "../../shared/core/config/compile-configuration.ts";
import { examine } from "../../shared/core/config/examine.ts";
import { createNeverBan } from "../../shared/core/detect/never-ban.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import type { HostBan, HostChange } from "../../shared/core/firewall/change.ts";
import type { Happening } from "../../shared/core/report/log-line.ts";
import type { Fleet } from "../../shared/ports/fleet.ts";
import { NO_METRICS } from "../../shared/ports/metrics.ts";
import type { Notice } from "../../shared/ports/notifier.ts";
import { filesFrom } from "../support/config-files.ts";
import { webAndDeep } from "./jails.ts";

export const START = Date.UTC(2026, 10, 22, 12);

/** The two jails on one log, and recidive, which bans after 2 bans. */
export const JAILS = `${webAndDeep("/logs/web.log")}
[recidive]
failregex = NOTICE\\s+\\[(?:web|deep)\\] Ban <ADDR>$
logpath = /var/log/fleet2ban.log
findtime = 1d
maxretry = 2
bantime = 1w
`;

export async function rulesetOf(jails: string, readFile = async (_path: string) => ""): Promise<Ruleset> {
  const compiled = compileConfiguration(filesFrom({ "jail.conf": jails }));
  const examined = examine(compiled, () => 0, 1);
  const errors = examined.problems.filter((problem) => problem.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((problem) => problem.message).join("\n"));
  return createRuleset(examined, {
    zone: () => 0,
    reads: (jail, stream) => jail.logs.some((log) => log.path === stream),
    readFile,
  });
}

export interface EngineRig {
  readonly engine: Engine;
  readonly state: LocalState;
  readonly applied: HostChange[];
  readonly reconciled: (readonly HostBan[])[];
  readonly written: Happening[];
  readonly notices: Notice[];
  /** Makes the fleet, the notifier or the resolver fail while it is set. */
  readonly broken: { fleet?: Error; resolver?: Error };
}

export async function engineRig({
  ruleset,
  state,
}: {
  readonly ruleset?: Ruleset;
  readonly state?: LocalState;
} = {}): Promise<EngineRig> {
  const given = state ?? (await createMemoryState());
  const applied: HostChange[] = [];
  const reconciled: (readonly HostBan[])[] = [];
  const written: Happening[] = [];
  const notices: Notice[] = [];
  const broken: EngineRig["broken"] = {};
  const check = (part: keyof typeof broken) => {
    const error = broken[part];
    if (error !== undefined) throw error;
  };
  const fleet: Fleet = {
    async apply(changes) {
      check("fleet");
      applied.push(...changes);
      return [];
    },
    async reconcile(bans) {
      reconciled.push(bans);
      return [];
    },
    status: async () => [],
    clear: async () => [],
  };
  const engine = createEngine(ruleset ?? (await rulesetOf(JAILS)), {
    state: given,
    fleet,
    notifier: { notify: async (each) => void notices.push(...each) },
    banLog: { write: async (happenings) => void written.push(...happenings) },
    banLogSource: { stream: "/var/log/fleet2ban.log", zone: () => 0 },
    neverBan: createNeverBan([]),
    resolver: createCachedResolver({
      async resolve() {
        check("resolver");
        return [];
      },
    }),
    metrics: NO_METRICS,
    wait: async () => undefined,
  });
  return { engine, state: given, applied, reconciled, written, notices, broken };
}

let serial = 0;

/** Events of the web log: one every second from `at` on. */
export function events(texts: readonly string[], at = START): LogEvent[] {
  return texts.map((text, index) => ({
    id: `event ${serial++}`,
    stream: "/logs/web.log",
    at: at + index * 1000,
    text,
  }));
}

/** Acts until nothing is left to act on. */
export async function settle(engine: Engine, now: number): Promise<void> {
  while ((await engine.act(now)).more);
}
