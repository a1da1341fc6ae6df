import { describe, expect, it } from "vitest";
import { ingestEvents } from "../../shared/app/ingest-events.ts";
import { event, jail, rig } from "./rig.ts";

const MINUTE = 60_000;

describe("ingest", () => {
  it("bans an id on its maxretry-th failure, with what explains it", async () => {
    const { state, deps } = await rig([jail("web")]);
    const events = [0, 1, 2].map((minute) => event(minute * MINUTE, "web 192.0.2.1", `line ${minute}`));
    const report = await state.batch(() => ingestEvents(events, deps));
    expect(report.failed).toEqual([]);
    expect(report.verdicts).toEqual([
      {
        kind: "banned",
        ban: {
          id: "192.0.2.1",
          jail: "web",
          since: 2 * MINUTE,
          expiresAt: 62 * MINUTE,
          generation: 2 * MINUTE,
          count: 1,
          failures: 3,
          matches: ["web 192.0.2.1", "web 192.0.2.1", "web 192.0.2.1"],
          source: "host-1",
          actor: "fleet2ban",
          ruleset: "ruleset-1",
        },
      },
    ]);
  });
});
