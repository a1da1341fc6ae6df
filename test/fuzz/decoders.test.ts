/**
 * What a Lambda or the command line reads that somebody else wrote: rows from a stream, receipts of hosts, the ruleset,
 * windows, journal entries. Whatever stands there, a named outcome comes out, and what is taken for sound is sound.
 */
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeRecords } from "../../lambdas/enforce/decode-records.ts";
import { parseRuleset } from "../../lambdas/runtime/load-ruleset.ts";
import { readyRuleset } from "../../lambdas/runtime/ruleset.ts";
import type { Row } from "../../shared/adapters/aws/dynamodb/attributes.ts";
import { encodeBan } from "../../shared/adapters/aws/dynamodb/ban-row.ts";
import { decodeStreamRecord } from "../../shared/adapters/aws/dynamodb/stream-record.ts";
import { decodeWindow, encodeWindow } from "../../shared/adapters/aws/dynamodb/window-row.ts";
import { enforceChanges } from "../../shared/app/enforce-changes.ts";
import { type IpAddress, parseNetwork } from "../../shared/core/address.ts";
import type { Ban } from "../../shared/core/ban.ts";
import { decide, record } from "../../shared/core/detect/window.ts";
import { encodeChanges, encodeFullList, WIRE_PATTERN } from "../../shared/core/firewall/encode.ts";
import { parseReceipt } from "../../shared/core/firewall/receipt.ts";
import { parseJournalEntry } from "../../shared/core/journal/entry.ts";
import { PortError } from "../../shared/ports/failure.ts";
import { firewall } from "../adapters/firewall-rig.ts";
import { sampleBan, sampleFailure } from "../contracts/samples.ts";
import { FIREWALL, rulesetOf, wordJail } from "../lambdas/rig.ts";
import { corpus } from "./corpus.ts";
import { editsWith, graftsWith, type Json, spoil, spoilJson } from "./spoil.ts";

/** A value as a person or a program would send it: through JSON. */
const wire = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
const NOW = sampleBan().since;

describe("a record of the bans' stream", () => {
  const row = (over: Partial<Ban>): Row => encodeBan(sampleBan({ jail: "web", matches: ["a", "b"], ...over }));
  const sound = fc
    .record({
      eventName: fc.constantFrom("INSERT", "MODIFY", "REMOVE"),
      id: fc.constantFrom("192.0.2.1", "2001:db8::/32", "10.0.0.0/8"),
      ends: fc.constantFrom(undefined, NOW + 3_600_000),
      ttl: fc.boolean(),
    })
    .map(({ eventName, id, ends, ttl }) =>
      wire({
        eventName,
        ...(ttl && { userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" } }),
        dynamodb: {
          SequenceNumber: "100",
          ApproximateCreationDateTime: NOW / 1000,
          OldImage: row({ id: parseNetwork(id)! }),
          NewImage: row({ id: parseNetwork(id)!, expiresAt: ends, generation: 2 }),
        },
      }),
    );
  const NAMES = [
    "id",
    "jail",
    "since",
    "endsAt",
    "generation",
    "count",
    "matches",
    "S",
    "N",
    "L",
    "B",
    "NewImage",
    "OldImage",
  ];
  const spoilt = fc
    .tuple(sound, fc.oneof(fc.constant([]), graftsWith(NAMES)))
    .map(([tree, grafts]) => spoilJson(tree, grafts));
  const firewalls = new Map([["web", firewall()]]);

  /** What follows from a record: decoded, and its change taken as far as the text that hosts get. */
  async function follow(given: Json): Promise<string> {
    const found = decodeStreamRecord(given as never);
    expect(typeof found.sequence).toBe("string");
    if (found.kind === "malformed") expect(found.reason).not.toBe("");
    if (found.kind !== "change") return found.kind;
    const { ban } = found.change;
    expect(parseNetwork(ban.id)).toBe(ban.id);
    for (const time of [ban.since, ban.generation, ban.expiresAt ?? 0]) expect(Number.isSafeInteger(time)).toBe(true);
    for (const text of [ban.jail, ban.actor, ban.ruleset, ...ban.matches]) expect(typeof text).toBe("string");
    const sent: string[] = [];
    const apply = async (changes: Parameters<typeof encodeChanges>[0]) => {
      sent.push(...encodeChanges(changes, 20_000).chunks);
      return [];
    };
    await enforceChanges([found.change], NOW, { fleet: { apply } as never, firewalls });
    for (const text of sent) expect(text).toMatch(new RegExp(WIRE_PATTERN));
    return found.change.kind;
  }

  it("is a change that hosts can be told, malformed in words, or nothing", async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 6, arbitrary: spoilt }, { weight: 1, arbitrary: fc.jsonValue().map(wire) }),
        async (tree) => {
          const outcome = await follow(tree);
          seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        },
      ),
      { numRuns: 2000 },
    );
    expect([...seen.keys()].sort()).toEqual(["banned", "lifted", "malformed", "renewed"]);
  });

  it("costs its neighbours nothing, however broken", () => {
    const neighbour = wire({ eventName: "INSERT", dynamodb: { SequenceNumber: "7", NewImage: row({}) } });
    fc.assert(
      fc.property(spoilt, (tree) => {
        const { changes } = decodeRecords([neighbour, tree, neighbour] as never);
        expect(changes.filter(({ sequence }) => sequence === "7").length).toBeGreaterThanOrEqual(2);
      }),
      { numRuns: 300 },
    );
  });

  it.each(corpus("stream"))("of the corpus: $name", async ({ text }) => {
    expect(await follow(JSON.parse(text) as Json)).toBe("malformed");
  });
});

describe("a window's attribute", () => {
  const windows = fc.array(fc.nat(20), { minLength: 1, maxLength: 12 }).map((steps) =>
    record(
      { failures: [], closed: undefined },
      steps.map((step) => sampleFailure(step, { line: `line ${step}` })),
      POLICY,
    ),
  );
  const POLICY = { maxretry: 100, findtime: 600_000, maxmatches: 100 } as never;

  it("is a window that can be decided on, or refused as corrupt", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        windows,
        graftsWith(["0", "1"]),
        fc.option(editsWith(["[", "]", "null"])),
        fc.boolean(),
        (window, grafts, edits, packed) => {
          const attribute = encodeWindow("web#192.0.2.1", window);
          const tree = spoilJson(JSON.parse(attribute.S ?? "null") as Json, grafts);
          const text = edits === null ? JSON.stringify(tree) : spoil(JSON.stringify(tree), edits);
          try {
            const read = decodeWindow("web#192.0.2.1", packed ? { B: deflateRawSync(text) } : { S: text });
            for (const failure of read.failures) {
              expect(failure).toEqual({
                at: expect.any(Number),
                identity: expect.any(String),
                stream: expect.any(String),
                line: failure.line,
              });
              expect(["string", "undefined"]).toContain(typeof failure.line);
            }
            expect([undefined, "number"]).toContain(
              read.closed?.until === undefined ? undefined : typeof read.closed.until,
            );
            decide(read, POLICY);
          } catch (error) {
            if (!(error instanceof PortError)) throw error;
            expect(error.code).toBe("state-corrupt");
            refused++;
          }
        },
      ),
      { numRuns: 1500 },
    );
    expect(refused).toBeGreaterThan(50);
  });
});

describe("a window of the corpus", () => {
  it.each(corpus("window"))("is corrupt: $name", ({ text }) => {
    expect(() => decodeWindow("k", { S: text })).toThrowError(expect.objectContaining({ code: "state-corrupt" }));
  });
});

describe("a receipt", () => {
  const counts =
    "changes banned unbanned stale expired refused added retimed removed bans skipped missing foreign repaired broken".split(
      " ",
    );
  const done: Json = {
    fleet2ban: 1,
    outcome: "done",
    script: "1.0.0",
    mode: "apply",
    backend: "nft",
    ipv6: true,
    bootId: "b",
    at: NOW / 1000,
    ...Object.fromEntries(counts.map((name, nth) => [name, nth])),
    digest: "1-2",
    faults: [],
    refusals: ["x"],
    notes: [],
  };
  const failed: Json = { fleet2ban: 1, outcome: "failed", script: "1.0.0", code: "late", message: "m" };

  it("of any text is done, failed or unreadable; done only with every field of its type", () => {
    const tree = fc
      .tuple(fc.constantFrom(done, failed), graftsWith(counts))
      .map(([each, grafts]) => JSON.stringify(spoilJson(each, grafts)));
    const text = fc.oneof(
      tree,
      fc.tuple(tree, editsWith(["\n", '{"fleet2ban":1,'])).map(([each, edits]) => spoil(each, edits)),
    );
    const seen = new Set<string>();
    fc.assert(
      fc.property(text, fc.constantFrom("", "noise\n", '{"fleet2ban":1,\n'), (line, before) => {
        const reply = parseReceipt(before + line);
        seen.add(reply.kind);
        if (reply.kind !== "done") return void expect(reply.message).toEqual(expect.any(String));
        for (const name of counts) expect(Number.isSafeInteger(reply[name as "bans"])).toBe(true);
        for (const list of [reply.faults, reply.refusals, reply.notes])
          for (const each of list) expect(typeof each).toBe("string");
        expect(Number.isFinite(reply.at)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect([...seen].sort()).toEqual(["done", "failed", "unreadable"]);
  });
});

describe("a ruleset's text", () => {
  it("is a ruleset that can run, or refused with the file's name and what to do", async () => {
    const sound = wire(rulesetOf({ jails: [wordJail("web"), wordJail("ssh", { actions: [FIREWALL] })] }));
    const names = [
      "format",
      "hash",
      "jails",
      "name",
      "logGroups",
      "neverBan",
      "filter",
      "failregex",
      "text",
      "actions",
      "ignoreip",
    ];
    let ready = 0;
    const text = fc.tuple(graftsWith(names, 2), fc.option(editsWith(names, 2), { freq: 4 })).map(([grafts, edits]) => {
      const json = JSON.stringify(spoilJson(sound, grafts));
      return edits === null ? json : spoil(json, edits);
    });
    await fc.assert(
      fc.asyncProperty(text, async (json) => {
        try {
          const { rules } = await readyRuleset(parseRuleset(json, "/opt/ruleset.json"));
          expect(rules).toBeInstanceOf(Map);
          ready++;
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          // A jail that somebody spoilt inside stops the function at its start as well; its text is cdk's own.
          expect((error as Error).message).not.toBe("");
        }
        expect(outcomeOf(() => parseRuleset(json, "/opt/ruleset.json"))).toMatch(/^$|^\/opt\/ruleset\.json .*Deploy/s);
      }),
      { numRuns: 400 },
    );
    expect(ready).toBeGreaterThan(20);
  });

  function outcomeOf(step: () => unknown): string {
    try {
      step();
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  }
});

describe("a journal entry", () => {
  const entry: Json = {
    __CURSOR: "s=1",
    __REALTIME_TIMESTAMP: "1795363145000000",
    _HOSTNAME: "web-1",
    SYSLOG_IDENTIFIER: "sshd",
    _PID: "5",
    MESSAGE: "Failed password for root from 192.0.2.1 port 5",
    _COMM: ["a", "b"],
  };
  const NAMES = ["MESSAGE", "_PID", "_COMM", "body", "__REALTIME_TIMESTAMP", "_SOURCE_MONOTONIC_TIMESTAMP"];

  it("of any text is one line and a time, or no entry", () => {
    let entries = 0;
    const tree = graftsWith(NAMES).map((grafts) => JSON.stringify(spoilJson(entry, grafts)));
    fc.assert(
      fc.property(
        fc.oneof(
          tree,
          fc.tuple(tree, editsWith(NAMES)).map(([each, edits]) => spoil(each, edits)),
        ),
        (text) => {
          const read = parseJournalEntry(text);
          if (read === undefined) return;
          entries++;
          expect(read.line).not.toContain("\n");
          if (read.at !== undefined) expect(Number.isSafeInteger(read.at) && read.at >= 0).toBe(true);
          for (const name of [...NAMES, "constructor", "__proto__", "nosuch"]) {
            for (const value of read.values(name)) expect(typeof value).toBe("string");
          }
        },
      ),
      { numRuns: 2000 },
    );
    expect(entries).toBeGreaterThan(150);
  });

  it.each(corpus("journal"))("of the corpus: $name", ({ text }) => {
    const read = parseJournalEntry(text);
    expect(read?.line).not.toContain("\n");
    expect(read?.at === undefined || Number.isSafeInteger(read.at)).toBe(true);
  });
});

describe("encoded changes", () => {
  it("of any jail's name are text of the wire", () => {
    const jail = fc.oneof(
      fc.string({ unit: "binary" }),
      editsWith(["web", "f2b-"]).map((edits) => spoil("haproxy-noserver", edits)),
    );
    fc.assert(
      fc.property(fc.array(jail, { minLength: 1, maxLength: 5 }), (jails) => {
        const target = parseNetwork("192.0.2.1")! as IpAddress;
        const bans = jails.map((each) => ({
          kind: "ban" as const,
          jail: each,
          target,
          expiresAt: NOW,
          generation: 1,
          firewall: firewall(),
        }));
        const { chunks } = encodeChanges(bans, 500);
        for (const text of [...chunks, ...encodeFullList(bans, 500, NOW).chunks]) {
          expect(text).toMatch(new RegExp(WIRE_PATTERN));
          expect(text.length).toBeLessThanOrEqual(500);
        }
      }),
      { numRuns: 300 },
    );
  });
});
