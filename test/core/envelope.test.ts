import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeEnvelope } from "../../shared/core/envelope.ts";
import type { EventSift } from "../../shared/core/filter/event-sift.ts";
import { createSieve } from "../../shared/core/filter/sieve.ts";

const event = (message: string, id = "1") => ({ id, timestamp: 1000, message });
const envelope = (logEvents: unknown[], more: object = {}) => ({
  messageType: "DATA_MESSAGE",
  owner: "123456789012",
  logGroup: "/var/log/haproxy",
  logStream: "i-1",
  subscriptionFilters: ["f"],
  logEvents,
  ...more,
});
const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

function rawFor(...literals: string[]): EventSift {
  const sieve = createSieve(literals.map((literal) => [[{ anyOf: [literal], caseSensitive: true }]]));
  for (let line = 0; line < 128; line += 1) sieve.jailsFor("ordinary");
  return sieve.rawJson()!;
}

/** The ways in which a JSON writer may spell a string. */
const spellings = [
  (text: string) => JSON.stringify(text),
  (text: string) => JSON.stringify(text).replaceAll("/", "\\/"),
  (text: string) =>
    JSON.stringify(text).replace(/[<>&]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
  (text: string) =>
    JSON.stringify(text).replace(
      /[\u007f-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
];

describe("an envelope", () => {
  it.each([
    {
      name: "a control message",
      input: envelope([], { messageType: "CONTROL_MESSAGE" }),
      expected: { kind: "control" },
    },
    { name: "no JSON", input: "{", expected: { kind: "malformed", reason: "not a JSON object" } },
    { name: "a list", input: [], expected: { kind: "malformed", reason: "not a JSON object" } },
    {
      name: "another message type",
      input: envelope([], { messageType: "X" }),
      expected: { kind: "malformed", reason: "no known messageType" },
    },
    {
      name: "no stream",
      input: envelope([], { logStream: 7 }),
      expected: { kind: "malformed", reason: "logStream, logGroup or logEvents is missing" },
    },
    {
      name: "nothing",
      input: envelope([]),
      expected: { kind: "events", logGroup: "/var/log/haproxy", lines: 0, malformed: 0, events: [] },
    },
  ])("that is $name", ({ input, expected }) => {
    expect(decodeEnvelope(bytes(input))).toEqual(expected);
    expect(decodeEnvelope(bytes(input), () => rawFor("needle"))).toEqual(expected);
  });

  it("sets a broken event aside and keeps the sound ones", () => {
    const decoded = decodeEnvelope(bytes(envelope([event("a"), { id: "2" }])));
    expect(decoded).toMatchObject({
      lines: 2,
      malformed: 1,
      events: [{ id: "1", stream: "i-1", at: 1000, text: "a" }],
    });
  });

  it("keeps only events that carry a literal, and counts all", () => {
    const input = envelope([event("plain"), event("a needle", "2"), event("plain"), event("needle", "4")]);
    const decoded = decodeEnvelope(bytes(input), () => rawFor("needle"));
    expect(decoded).toMatchObject({ kind: "events", lines: 4, events: [{ id: "2" }, { id: "4" }] });
  });

  it("is parsed whole where it is laid out in another way", () => {
    const pretty = JSON.stringify(envelope([event("a needle")]), null, 2);
    expect(decodeEnvelope(bytes(pretty), () => rawFor("needle"))).toMatchObject({
      kind: "events",
      lines: 1,
      events: [{ id: "1" }],
    });
    const extracted = envelope([{ ...event("plain"), extractedFields: { id: "needle" } }, event("a needle", "2")]);
    expect(decodeEnvelope(bytes(extracted), () => rawFor("needle"))).toMatchObject({
      kind: "events",
      events: [{ id: "1" }, { id: "2" }],
    });
  });

  it("never loses an event that carries a literal, whatever the message holds and however JSON spells it", () => {
    const literal = fc.constantFrom("<NOSRV>", '"<BADREQ>', " 401 ", "a/b", "é ", "\\x", "]: ", "},", "{");
    const noise = fc.oneof(
      fc.constantFrom(
        '{"id":"',
        '"logEvents":[',
        '\\"',
        "{id",
        "\u2028",
        "\t",
        '"},{"id":"9","timestamp":1,"message":"',
      ),
      fc.string({ unit: "grapheme", maxLength: 12 }),
    );
    const message = fc.array(fc.oneof(literal, noise), { maxLength: 6 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 6 }),
        literal,
        fc.constantFrom(...spellings),
        (messages, needle, spell) => {
          const events = messages.map((text, index) => `{"id":"${index}","timestamp":1000,"message":${spell(text)}}`);
          const json = JSON.stringify(envelope([])).replace(`"logEvents":[]`, `"logEvents":[${events.join(",")}]`);
          const decoded = decodeEnvelope(bytes(json), () => rawFor(needle));
          expect(decoded).toMatchObject({ kind: "events", lines: messages.length });
          const texts = decoded.kind === "events" ? decoded.events : [];
          const carrying = messages.flatMap((text, index) => (text.includes(needle) ? [{ id: `${index}`, text }] : []));
          for (const wanted of carrying) expect(texts).toContainEqual({ stream: "i-1", at: 1000, ...wanted });
        },
      ),
      { numRuns: 500 },
    );
  });
});
