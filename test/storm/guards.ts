/**
 * Guards of the app, the tables and the hosts, each with the break that takes it out. A storm that does not notice a broken
 * guard proves nothing, so each is broken in turn, and goes through the same seeds.
 */
import type { Break } from "./run-storms.ts";

export interface Guard extends Break {
  readonly name: string;
  /** A storm that noticed when this was written. */
  readonly seed: number;
}

export const GUARDS: readonly Guard[] = [
  {
    name: "a window is saved only over the version that was read",
    seed: 1,
    file: "test/storm/ports.ts",
    guard: 'if (stored !== version) return "conflict";\n          // As',
    broken: "// As",
  },
  {
    name: "a ban is written only where none stands",
    seed: 1,
    file: "test/storm/ports.ts",
    guard: "if (!over && previous.generation !== replacing) return",
    broken: "if (!over && previous.generation < 0) return",
  },
  {
    name: "a row is deleted only in the generation that was seen",
    seed: 2,
    file: "test/storm/ports.ts",
    guard: "if (ban === undefined || ban.generation !== key.generation) return false;",
    broken: "if (ban === undefined) return false;",
  },
  {
    name: "a failure counts once by its identity",
    seed: 1,
    file: "shared/core/detect/window.ts",
    guard: "if (known.has(failure.identity) || !isOpenAt(window, failure.at)) continue;",
    broken: "if (!isOpenAt(window, failure.at)) continue;",
  },
  {
    name: "failures count together only within findtime",
    seed: 1,
    file: "shared/core/detect/window.ts",
    guard: "if (since - failures[first]!.at < policy.findtime) {",
    broken: "if (since - failures[first]!.at < 2 * policy.findtime) {",
  },
  {
    name: "failures are kept as long as late ones may join them",
    seed: 1,
    file: "shared/core/detect/window.ts",
    guard: "const horizon = all.at(-1)!.at - 2 * policy.findtime;",
    broken: "const horizon = all.at(-1)!.at - policy.findtime / 4;",
  },
  {
    name: "a window lives until nothing can meet it any more",
    seed: 2,
    file: "shared/core/detect/window.ts",
    guard: "return Math.max(newest, window.closed?.until ?? 0) + 2 * policy.findtime;",
    broken: "return newest + policy.findtime / 8;",
  },
  {
    name: "what an earlier ban settled makes no new one",
    seed: 2,
    file: "shared/app/place-ban.ts",
    guard: "if (own?.until !== undefined && isSettled(own, decision.failures[0]!.at)) {",
    broken: "if (own?.until !== undefined && isSettled(own, 0) && previousBans(history, key.jail, false) < 0) {",
  },
  {
    name: "what could not be counted comes again",
    seed: 2,
    file: "shared/app/ingest-events.ts",
    guard:
      'if (count.conflicts > 0) deps.metrics.count("WindowConflicts", count.conflicts, key.jail);\n    } catch (cause) {\n      // Direction: this group comes again, the others go on.\n      failed.push({ key, cause });',
    broken:
      'if (count.conflicts > 0) deps.metrics.count("WindowConflicts", count.conflicts, key.jail);\n    } catch (cause) {\n      void cause;',
  },
  {
    name: "the allowlist is asked",
    seed: 1,
    file: "shared/app/check-allowlist.ts",
    guard: 'if ((await listsOf(rules)).some((list) => list.covers(target))) return "ignoreip";',
    broken: "",
  },
  {
    name: "what people add to the allowlist counts",
    seed: 1,
    file: "shared/app/check-allowlist.ts",
    guard: "createIgnoreList([...added.targets, ...resolved.flat()])",
    broken: "createIgnoreList([...resolved.flat()])",
  },
  {
    name: "what people took off the allowlist counts",
    seed: 1,
    file: "shared/app/set-allowlist.ts",
    guard: 'await control.remove({ kind: "ignore", jail, word });',
    broken: "",
  },
  {
    name: "a host takes only what is newer than what it knows",
    seed: 3,
    file: "shared/core/firewall/ledger.ts",
    guard: "if (!replaces(known) && !supersedes({ kind, generation, expiry }, known)) return;",
    broken: "",
  },
  {
    name: "a host that differs gets the full list",
    seed: 1,
    file: "shared/app/reconcile-fleet.ts",
    guard: "if (needy.length === 0) return [];",
    broken: "if (needy.length >= 0) return [];",
  },
  {
    name: "a full list spares what a host learnt since it was read",
    seed: 32,
    file: "shared/core/firewall/ledger.ts",
    guard: "asOf === undefined || seconds(known.learntAt) < seconds(asOf)",
    broken: "asOf === undefined || known.learntAt > 0",
  },
  {
    name: "the revision grows with every deployment",
    seed: 1,
    file: "shared/app/adopt-ruleset.ts",
    guard: "return Math.max(Math.floor(now / 1000), (current?.revision ?? 0) + 2);",
    broken: "return (current?.revision ?? 2) - 1;",
  },
  {
    name: "an old function acts as the elder while a deployment is under way",
    seed: 4,
    file: "shared/app/adopt-ruleset.ts",
    guard: "if (current !== undefined && now - current.since < SETTLED_AFTER) return current.revision - 1;",
    broken: "",
  },
  {
    name: "a jail that only observes has nothing enforced",
    seed: 2,
    file: "shared/app/enforce-changes.ts",
    guard: "return firewall === undefined ? [] : [hostBan(ban, firewall)];",
    broken: "return [hostBan(ban, firewall ?? [...firewalls.values()][0]!)];",
  },
  {
    name: "a mail that went is marked",
    seed: 1,
    file: "shared/app/notify-people.ts",
    guard: "await marks.note(mark, now() + MARK_KEPT);",
    broken: "",
  },
  {
    name: "a ban is counted once by its generation",
    seed: 1,
    file: "shared/app/count-bans.ts",
    guard: "ban.generation}`, new Map(",
    broken: "Math.random()}`, new Map(",
  },
  {
    name: "a ban that nobody noted is noted when its change comes",
    seed: 11,
    file: "shared/app/count-bans.ts",
    guard: "if (!noted) await deps.offenders.record(ban);",
    broken: "",
  },
  {
    name: "a ban that began in a row that was over is news to the recidive jail",
    seed: 2,
    file: "shared/core/ban-log.ts",
    guard: "return change.previous.expiresAt !== undefined && change.previous.expiresAt <= change.ban.since;",
    broken: "return false;",
  },
  {
    name: "a ban in the log is known by its generation",
    seed: 2,
    file: "shared/core/ban-log.ts",
    guard: "ban.generation}`,\n    stream",
    broken: "Math.random()}`,\n    stream",
  },
  {
    name: "a ban by hand prolongs the one that stands",
    seed: 1,
    file: "shared/app/ban-manually.ts",
    guard: "if (!endsLater(ban, outcome.ban)) return outcome;",
    broken: "if (outcome.ban.generation > 0) return outcome;",
  },
  {
    name: "who is let go has the failures from before forgiven",
    seed: 1,
    file: "shared/app/unban.ts",
    guard: "await settleWindow(key, { until: request.at + (request.immune ?? 0) }, request.rules.window, deps);",
    broken: "",
  },
  {
    name: "what a tripped breaker holds is kept",
    seed: 1,
    file: "shared/app/place-ban.ts",
    guard: "await deps.holds.hold(ban);",
    broken: "",
  },
  {
    name: "who holds a ban looks again whether the jail is still stopped",
    seed: 1242,
    file: "shared/app/place-ban.ts",
    guard: '    if (state.kind === "tripped") {',
    broken: "    if (ban.generation > 0) {",
  },
];
