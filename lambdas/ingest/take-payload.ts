/**
 * One payload, whole: unpacked, decoded, its lines matched and counted, and what is to be known of it measured.
 *
 * Three outcomes. Taken; set aside, where it is broken and will be so the next time; or thrown, where something else was,
 * and it comes again. Nothing of it counts twice then.
 */
import { type IngestDeps, type IngestReport, ingestEvents } from "../../shared/app/ingest-events.ts";
import { createKnownBans } from "../../shared/app/known-bans.ts";
import { decodeEnvelope, type Envelope } from "../../shared/core/envelope.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import { PortError } from "../../shared/ports/failure.ts";
import type { SetAside } from "../../shared/ports/set-aside.ts";
import { type AlarmDeps, raiseAlarms } from "../runtime/breaker-alarm.ts";
import type { Call } from "../runtime/invocation.ts";
import type { ReadyRuleset } from "../runtime/ruleset.ts";
import { unpack } from "./unpack.ts";

export interface PayloadDeps extends AlarmDeps {
  readonly ruleset: ReadyRuleset;
  /** What counting needs besides the payload's own. */
  readonly counting: Omit<IngestDeps, "matcher" | "metrics" | "known">;
  readonly setAside: SetAside;
}

type Events = Extract<Envelope, { readonly kind: "events" }>;

/** `source` names where the data came from, for whoever looks at what was set aside. */
export type TakePayload = (data: string, source: string, call: Call) => Promise<void>;

export function createTakePayload(deps: PayloadDeps): TakePayload {
  const unread = new Set<string>();
  let known = createKnownBans();

  const setAside = async (body: string, source: string, reason: string, { log, metrics }: Call) => {
    log.warn("a payload was set aside", { reason, source, characters: body.length });
    metrics.count("Malformed", 1);
    await deps.setAside.put({ source, reason, body });
  };

  const takeEvents = async ({ logGroup, lines, malformed, events }: Events, call: Call) => {
    const { log, metrics } = call;
    const matcher = deps.ruleset.matcherOf(logGroup);
    metrics.count("Lines", lines);
    metrics.count("Malformed", malformed);
    if (malformed > 0)
      log.warn("log events without id, time or message were left out", { logGroup, events: malformed });
    if (matcher === undefined) {
      metrics.count("LinesUnread", lines);
      if (!unread.has(logGroup))
        log.warn("no jail reads this log group: unsubscribe it, or name it in a jail", { logGroup });
      unread.add(logGroup);
      return;
    }
    const begun = call.now();
    const newest = events.at(-1);
    if (newest !== undefined) metrics.delay("LineToIngest", begun - newest.at);
    try {
      const report = await ingestEvents(events.map(cut), { ...deps.counting, matcher, metrics, known });
      measure(report, begun, call);
      await raiseAlarms(report.tripped, deps, log);
      if (report.failed.length > 0) throw undecided(report.failed);
    } catch (error) {
      // When the payload comes again, nobody is taken for banned whom this attempt may not have counted.
      known = createKnownBans();
      throw error;
    }
  };

  return async (data, source, call) => {
    const unpacked = unpack(data);
    if (unpacked.kind === "broken") return setAside(data, source, unpacked.reason, call);
    const envelope = decodeEnvelope(unpacked.json, (logGroup) => deps.ruleset.matcherOf(logGroup)?.rawJson());
    switch (envelope.kind) {
      case "control":
        return call.log.info("CloudWatch asked whether somebody listens");
      case "malformed":
        return setAside(data, source, envelope.reason, call);
      case "events":
        return takeEvents(envelope, call);
    }
  };
}

function measure(report: IngestReport, begun: number, { log, metrics, now }: Call): void {
  const { match, verdicts, unresolved, unasked } = report;
  for (const [jail, { unparsed, refused }] of match.tallies) {
    metrics.count("Unparsed", unparsed, jail);
    metrics.count("Refused", refused, jail);
  }
  if (unresolved.length > 0) log.warn("DNS knows no address of host names in the log", { names: unresolved.length });
  if (unasked.length > 0)
    log.warn("a payload has too many host names to ask for all of them: failures of the others do not count", {
      names: unasked.length,
    });
  for (const verdict of verdicts) {
    if (verdict.kind !== "banned") continue;
    const { id, jail, generation, failures, source, expiresAt } = verdict.ban;
    metrics.delay("IngestToBan", now() - begun);
    log.info("banned", { id, jail, generation, failures, source, expiresAt });
  }
}

/** As on one machine: of a longer line its first 64 KB count. */
const LONGEST_LINE = 64 * 1024;

function cut(event: LogEvent): LogEvent {
  return event.text.length <= LONGEST_LINE ? event : { ...event, text: event.text.slice(0, LONGEST_LINE) };
}

function undecided(failed: IngestReport["failed"]): PortError {
  const { cause } = failed[0]!;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof PortError ? cause.code : "unavailable";
  const next = cause instanceof PortError ? cause.next : "Deliver the batch again.";
  return new PortError(code, `${failed.length} ids could not be decided: ${reason}`, next, cause);
}
