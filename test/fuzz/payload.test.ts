/**
 * Payloads that CloudWatch would never send, through the ingest handler with all bundled jails: nothing is thrown, nobody
 * is banned whose address is not in lines that a jail matches, and both decoders say the same of whatever is JSON.
 */

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createHandler } from "../../lambdas/ingest/handler.ts";
import { createTakePayload } from "../../lambdas/ingest/take-payload.ts";
import { MOST_BYTES, unpack } from "../../lambdas/ingest/unpack.ts";
import { inFrame } from "../../lambdas/runtime/invocation.ts";
import { createLog } from "../../lambdas/runtime/log.ts";
import { createMetrics } from "../../lambdas/runtime/metrics.ts";
import { type ReadyRuleset, readyRuleset } from "../../lambdas/runtime/ruleset.ts";
import { countingDeps } from "../../lambdas/runtime/wire.ts";
import { decodeBan, encodeBan } from "../../shared/adapters/aws/dynamodb/ban-row.ts";
import type { CloudState } from "../../shared/adapters/aws/dynamodb/cloud-state.ts";
import { createMemoryState } from "../../shared/adapters/local/state/local-state.ts";
import { decodeEnvelope, type Envelope } from "../../shared/core/envelope.ts";
import type { LogEvent } from "../../shared/core/filter/event.ts";
import { createEventSift } from "../../shared/core/filter/event-sift.ts";
import { PairCounts } from "../../shared/core/filter/pair-choice.ts";
import { all } from "../contracts/subject.ts";
import { defaults, HAPROXY_JAILS } from "../core/haproxy/judge.ts";
import { LOG_GROUP, pack, rulesetOf, START, shelf } from "../lambdas/rig.ts";
import { corpus } from "./corpus.ts";
import { editsWith, graftsWith, isObject, type Json, oddWord, spoil, spoilBytes, spoilJson } from "./spoil.ts";

/** So low that a payload of a few lines bans. */
const MAXRETRY = 2;
const JOURNAL_GROUP = "journal";

const RECORDED = readFileSync(new URL("../../examples/haproxy/haproxy.log", import.meta.url), "utf8")
  .trimEnd()
  .split("\n");
/** Of each jail's failures some, so that each is there, and some ordinary ones. */
const line = fc.constantFrom(...RECORDED.filter((_, nth) => nth % 7 === 0));
const attack = fc
  .tuple(fc.constantFrom("203.0.113.9", "203.0.113.10", "2001:db8::9"), fc.nat(50))
  .map(
    ([who, second]) =>
      `Nov 22 15:59:05 lb haproxy[1]: ${who}:5 [22/Nov/2026:15:59:${String(10 + (second % 50))}.603] www www/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`,
  );
const PIECES = [
  " 401 ",
  "<BADREQ>",
  "/<NOSRV> ",
  "haproxy[1]: ",
  "8.8.8.8:5 [22/Nov/2026:15:59:04.603] ",
  "SSL handshake failure",
];
const message = fc.oneof(
  { weight: 8, arbitrary: attack },
  { weight: 2, arbitrary: line },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.oneof(attack, line), editsWith(PIECES)).map(([text, edits]) => spoil(text, edits)),
  },
  { weight: 1, arbitrary: oddWord },
);
const event = fc
  .record({
    at: fc.nat(60_000),
    text: message,
    more: fc.option(fc.constantFrom<Json>({ id: "x" }, "y", { id: "8", timestamp: 1, message: "m" })),
  })
  .map(({ at, text, more }) => ({
    timestamp: START + at,
    message: text,
    ...(more !== null && { extractedFields: more }),
  }));
const envelope: fc.Arbitrary<Json> = fc
  .tuple(fc.array(event, { maxLength: 8 }), fc.constantFrom(LOG_GROUP, LOG_GROUP, LOG_GROUP, JOURNAL_GROUP, "/unread"))
  .map(([events, logGroup]) => ({
    messageType: "DATA_MESSAGE",
    owner: "123456789012",
    logGroup,
    logStream: "i-0123456789abcdef0",
    subscriptionFilters: ["fleet2ban"],
    logEvents: events.map((each, nth) => ({ id: `e${nth}`, ...each }) as Json),
  }));
const NAMES = ["id", "timestamp", "message", "logEvents", "logGroup", "logStream", "messageType", "extractedFields"];
const spoiltTree = fc
  .tuple(envelope, fc.oneof(fc.constant([]), graftsWith(NAMES)))
  .map(([tree, grafts]) => spoilJson(tree, grafts));
/** The ways in which a JSON writer may spell the same. */
const SPELLINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.replaceAll("/", "\\/"),
  (text) => text.replace(/[<>&4é]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
  (text) => text.replaceAll(",", ", "),
  (text) => `${text}\n`,
];
const tidyJson = fc
  .tuple(spoiltTree, fc.constantFrom(...SPELLINGS.slice(0, 2), ...SPELLINGS))
  .map(([tree, spell]) => ({ tree, text: spell(JSON.stringify(tree)) }));

let ruleset: ReadyRuleset;
/** The longest text that a matcher was ever given. */
let longest = 0;
beforeAll(async () => {
  const jails = defaults()
    .jails.filter(({ name }) => name !== "recidive")
    .map((jail) => ({ ...jail, maxretry: MAXRETRY, findtime: 3_600_000, actions: [] }));
  const journal = jails.slice(0, 2).map((jail) => ({ ...jail, name: `${jail.name}-journal`, backend: "systemd" }));
  const ready = await readyRuleset(
    rulesetOf({
      jails: [...jails, ...journal],
      logGroups: {
        [LOG_GROUP]: [...HAPROXY_JAILS, "haproxy-connects"],
        [JOURNAL_GROUP]: journal.map(({ name }) => name),
      },
    }),
  );
  const watched = new Map([LOG_GROUP, JOURNAL_GROUP].map((group) => [group, watch(ready.matcherOf(group)!)]));
  ruleset = { ...ready, matcherOf: (logGroup) => watched.get(logGroup) };
  // Past what the sieve learns from, so that payloads are sifted.
  matcher().match(RECORDED.slice(0, 300).map((text, nth) => ({ id: `warm${nth}`, stream: "s", at: START, text })));
  expect(matcher().rawJson()).toBeDefined();
});

const matcher = () => ruleset.matcherOf(LOG_GROUP)!;

function watch<Given extends { match(events: readonly LogEvent[]): unknown }>(given: Given): Given {
  const match: Given["match"] = (events) => {
    longest = events.reduce((most, { text }) => Math.max(most, text.length), longest);
    return given.match(events);
  };
  return { ...given, match };
}

/** Sends payloads to a handler of its own; returns who was banned and what was set aside. */
async function ingest(invocation: unknown) {
  const state = await createMemoryState();
  const aside = shelf();
  const written: string[] = [];
  const now = () => START + 60_000;
  const write = (text: string) => void written.push(text);
  const takePayload = createTakePayload({
    ruleset,
    counting: countingDeps({ state: state as unknown as CloudState, ruleset, resolver: { resolve: async () => [] } }),
    setAside: aside,
    alarm: { raise: async () => undefined },
    stack: "fuzz",
    bansPerMinute: 300,
  });
  const frame = { log: createLog({ write, now, fields: {} }), metrics: createMetrics("fuzz", write), now };
  const handle = inFrame(frame, createHandler({ takePayload, setAside: aside }));
  const context = { awsRequestId: "r", getRemainingTimeInMillis: () => 60_000 };
  const answer = await state.batch(() => handle(invocation, context));
  expect(answer).toEqual({ batchItemFailures: [] });
  for (const text of written) JSON.parse(text);
  const names = [...ruleset.rules.keys()];
  const bans = (await Promise.all(names.map((jail) => all(state.bans.inJail(jail))))).flat();
  // What is written must be what the stream's readers can read, or the ban would never be enforced.
  for (const ban of bans) expect(decodeBan(encodeBan(ban))).toEqual({ kind: "ban", ban });
  return { bans, aside: aside.items };
}

const direct = (data: string) => ({ awslogs: { data } });

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The lines of an envelope, read without any of the code under test; none where it is no JSON. */
function linesOf(json: string): readonly string[] {
  let tree: Json;
  try {
    tree = JSON.parse(json) as Json;
  } catch {
    return [];
  }
  const events = isObject(tree) && Array.isArray(tree.logEvents) ? (tree.logEvents as readonly Json[]) : [];
  return events.flatMap((each) => (isObject(each) && typeof each.message === "string" ? [each.message] : []));
}

/** A list of objects, but for the list of log events itself: there the decoders need not agree (see envelope.ts). */
function listsObjects(tree: Json, isRoot = true): boolean {
  if (Array.isArray(tree)) {
    return (
      tree.filter((each) => typeof each === "object" && each !== null).length > 1 ||
      tree.some((each: Json) => listsObjects(each, false))
    );
  }
  if (!isObject(tree)) return false;
  return Object.entries(tree).some(([name, each]) =>
    isRoot && name === "logEvents" && Array.isArray(each)
      ? each.some((inner: Json) => Array.isArray(inner) || listsObjects(inner, false))
      : listsObjects(each, false),
  );
}

function failuresOf(decoded: Envelope) {
  if (decoded.kind !== "events") return decoded;
  const { failures } = matcher().match(decoded.events.map((each) => ({ ...each, text: each.text.slice(0, 1 << 16) })));
  return { kind: "failures", logGroup: decoded.logGroup, failures };
}

describe("any payload", () => {
  it("bans nobody but who stands in enough lines of it that a jail matches", async () => {
    let bans = 0;
    const text = fc.oneof(
      { weight: 4, arbitrary: tidyJson.map((json) => json.text) },
      {
        weight: 1,
        arbitrary: fc.tuple(envelope, editsWith(NAMES)).map(([tree, edits]) => spoil(JSON.stringify(tree), edits)),
      },
    );
    await fc.assert(
      fc.asyncProperty(text, async (json) => {
        const found = await ingest(direct(pack(json)));
        bans += found.bans.length;
        if (found.bans.length === 0) return;
        if (!isJson(json)) {
          // Broken in one event: the quick decoder may take the others, which stand there as they were counted.
          const quoted = (text: string) => JSON.stringify(text).slice(1, -1);
          for (const { matches } of found.bans) for (const each of matches) expect(json).toContain(quoted(each));
          return;
        }
        // Each line by itself, so that none has to do with another. lone surrogates travel as U+FFFD.
        const lines = linesOf(Buffer.from(json, "utf8").toString("utf8"));
        const groups = [LOG_GROUP, JOURNAL_GROUP].map((group) => ruleset.matcherOf(group)!);
        const said = lines.flatMap((each, nth) =>
          groups.flatMap((group) => group.match([{ id: `${nth}`, stream: "s", at: START, text: each }]).failures),
        );
        for (const { jail, id } of found.bans) {
          const own = said.filter(
            ({ jail: name, suspect }) => name === jail && suspect.kind === "address" && suspect.id === id,
          );
          expect(new Set(own.map(({ identity }) => identity)).size).toBeGreaterThanOrEqual(MAXRETRY);
        }
      }),
      { numRuns: 500 },
    );
    console.log(`${bans} bans came of spoilt payloads`);
    expect(bans).toBeGreaterThan(10);
  });

  it("says the same to both decoders, where it is JSON", () => {
    let sifted = 0;
    fc.assert(
      fc.property(
        tidyJson.filter(({ tree }) => !listsObjects(tree)),
        ({ text }) => {
          const bytes = Buffer.from(text);
          const whole = decodeEnvelope(bytes);
          const quick = decodeEnvelope(bytes, () => matcher().rawJson());
          expect(failuresOf(quick)).toEqual(failuresOf(whole));
          if (whole.kind !== "events" || quick.kind !== "events") return;
          for (const each of quick.events) expect(whole.events).toContainEqual(each);
          if (quick.events.length < whole.events.length) sifted++;
        },
      ),
      { numRuns: 1500 },
    );
    expect(sifted).toBeGreaterThan(20);
  });

  it.each(corpus("payload"))("of the corpus: $name", async ({ text }) => {
    await ingest(direct(pack(text)));
    const bytes = Buffer.from(text);
    const [quick, whole] = [decodeEnvelope(bytes, () => matcher().rawJson()), decodeEnvelope(bytes)];
    if (quick.kind === "events" && whole.kind === "events")
      expect(whole.events).toEqual(expect.arrayContaining([...quick.events]));
    expect(failuresOf(quick)).toEqual(failuresOf(whole));
    // A literal of one brace, which JSON itself is made of.
    const braces = createEventSift([{ bytes: Buffer.from("{"), folded: false }], new PairCounts());
    expect(failuresOf(decodeEnvelope(bytes, () => braces))).toEqual(failuresOf(whole));
  });

  it("of any bytes is taken, or set aside as it came", async () => {
    const sound = gzipSync(
      JSON.stringify({ messageType: "DATA_MESSAGE", logGroup: LOG_GROUP, logStream: "s", logEvents: [] }),
    );
    const data = fc.oneof(
      editsWith([], 4).map((edits) => spoilBytes(sound, edits).toString("base64")),
      editsWith([], 4).map((edits) => spoil(sound.toString("base64"), edits)),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => gzipSync(bytes).toString("base64")),
      fc.string({ unit: "binary", maxLength: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(data, async (text) => {
        const { bans, aside } = await ingest(direct(text));
        expect(bans).toEqual([]);
        for (const { reason, body } of aside) {
          expect(reason).not.toBe("");
          expect(body).toBe(text);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("unpacks to no more than the bound, however it is packed", () => {
    const most = 1 << 20;
    const zeros = gzipSync(Buffer.alloc(most, " "));
    expect(unpack(zeros.toString("base64"), most)).toMatchObject({ kind: "json" });
    const bombs = [
      gzipSync(Buffer.alloc(MOST_BYTES + 1), { level: 9 }),
      Buffer.concat(Array.from({ length: 60 }, () => zeros)),
      gzipSync(gzipSync(Buffer.alloc(MOST_BYTES))),
    ];
    expect(unpack(bombs[0]!.toString("base64"))).toMatchObject({
      kind: "broken",
      reason: `the payload unpacks to more than ${MOST_BYTES} bytes`,
    });
    expect(unpack(bombs[1]!.toString("base64"), most)).toMatchObject({
      kind: "broken",
      reason: `the payload unpacks to more than ${most} bytes`,
    });
    for (const bomb of bombs) {
      const found = unpack(bomb.toString("base64"), most);
      if (found.kind === "json") expect(found.json.length).toBeLessThanOrEqual(most);
    }
  });

  it("reaches the jails with 64 KB of each line, though a message is a megabyte", async () => {
    longest = 0;
    const units = [" ", " 401 ", "/<NOSRV> ", "[", "é", '\\"', "203.0.113.9:5 [22/Nov/2026:15:59:04.603] ", "\ud800"];
    const events = units.map((unit, nth) => ({
      id: `e${nth}`,
      timestamp: START,
      message: unit.repeat(Math.ceil((1 << 20) / unit.length)),
    }));
    const tree = { messageType: "DATA_MESSAGE", logGroup: LOG_GROUP, logStream: "s", logEvents: events };
    expect((await ingest(direct(pack(JSON.stringify(tree))))).bans).toEqual([]);
    expect(longest).toBe(1 << 16);
  });

  it("in an invocation of no known kind is set aside, even where it cannot be written as JSON", async () => {
    const deep = JSON.parse("[".repeat(50_000) + "]".repeat(50_000)) as unknown;
    for (const odd of [
      undefined,
      null,
      5,
      "x",
      [],
      {},
      { awslogs: 5 },
      { Records: [null] },
      { Records: [{ kinesis: {} }] },
      deep,
      { Records: deep },
    ]) {
      const { aside } = await ingest(odd);
      expect(aside).toMatchObject([{ source: "invocation", body: expect.any(String) }]);
    }
  });
});
