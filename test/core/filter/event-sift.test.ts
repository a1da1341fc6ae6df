import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventSift } from "../../../shared/core/filter/event-sift.ts";
import { searchable } from "../../../shared/core/filter/literal-search.ts";
import { PairCounts } from "../../../shared/core/filter/pair-choice.ts";

/** Also what events are separated by, whole and in pieces: then a separator is come upon in more than one way. */
const piece = fc.constantFrom("},", ",{", '{"', '},{"', '},{"id":"', '"id', "id", ":", "a", "ab", "}", '"}', "1");
const message = fc.array(fc.constantFrom("},{", "id", "ab", "a", "é", "1", " ", "\\u0041", "\\/"), { maxLength: 4 });

describe("the sift of events", () => {
  it("counts each event once, and takes each whole one whose message has a literal or an escape", () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 4 }),
        fc.array(message, { minLength: 1, maxLength: 5 }),
        fc.array(piece, { maxLength: 20 }),
        (literals, messages, ordinary) => {
          const texts = messages.map((parts) => parts.join(""));
          const events = texts.map((text, index) => `{"id":"${index}","message":"${text}"}`);
          const json = Buffer.from(`{"logEvents":[${events.join(",")}]}`);
          const counts = new PairCounts();
          counts.add(Buffer.from(ordinary.join("")), 40);
          const sift = createEventSift(
            literals.map((text) => ({ bytes: Buffer.from(text), folded: false })),
            counts,
          );
          const taken: string[] = [];
          const begin = json.indexOf("[") + 1;
          const lines = sift(searchable(json), begin, json.length - 2, (from, to) => {
            taken.push(json.toString("utf8", from, to));
            return true;
          });
          expect(lines).toBe(events.length);
          expect(new Set(taken).size).toBe(taken.length);
          for (const event of taken) expect(events).toContain(event);
          for (const [index, text] of texts.entries())
            if (["\\u", "\\/", ...literals].some((literal) => text.includes(literal)))
              expect(taken).toContain(events[index]);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("ends with the event that is refused", () => {
    const sift = createEventSift([{ bytes: Buffer.from("a"), folded: false }], new PairCounts());
    const json = Buffer.from('[{"id":"1","m":"a"},{"id":"2","m":"b"},{"id":"3","m":"a"},{"id":"4","m":"a"}]');
    const taken: string[] = [];
    sift(searchable(json), 1, json.length - 1, (from, to) => taken.push(json.toString("utf8", from, to)) < 2);
    expect(taken).toEqual(['{"id":"1","m":"a"}', '{"id":"3","m":"a"}']);
  });
});
