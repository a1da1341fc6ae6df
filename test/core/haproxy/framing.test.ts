/**
 * Whatever a client writes, its own address is the one that is found, or none (no framing); and what HAProxy's fixed
 * fields say is found whatever the client writes (no evasion).
 */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  type Client,
  HEADS,
  httplog,
  httpslog,
  jsonLog,
  type Outcome,
  toText,
  type Words,
  type Written,
} from "../../support/haproxy-lines.ts";
import { client, date, inHeader, PLAIN, SITUATIONS, type Situation, unread, words } from "./arbitraries.ts";
import { judges } from "./judge.ts";

/** A line, whose it is, and the jails that its fixed fields call for. */
interface Sample {
  readonly line: string;
  readonly settled: number;
  readonly client: Client;
  /** HAProxy's date. */
  readonly date: string;
  readonly jails: readonly string[];
}

type Shape = (client: Client, date: string, outcome: Outcome, words: Words) => Written;
const SHAPES: readonly Shape[] = [httplog, httpslog, jsonLog];

const head = fc.constantFrom(...Object.values(HEADS));

/** HTTP sessions in every shape, with every head. */
const session: fc.Arbitrary<Sample> = fc
  .tuple(fc.constantFrom(...SITUATIONS), fc.constantFrom(...SHAPES), head, client, date, inHeader)
  .chain(([situation, shape, putHead, who, time, inHead]) =>
    (situation.read ? words : unread).map((written) => {
      const message = shape(who, time, situation.outcome, heard(situation, written));
      return { ...toSample(putHead(message, inHead), who, time), jails: situation.jails };
    }),
  );

/** TCP sessions, failed handshakes and the like, in which nothing but the address is the client's. */
const plain: fc.Arbitrary<Sample> = fc
  .tuple(fc.constantFrom(...PLAIN), head, client, date, inHeader)
  .map(([{ write, jails }, putHead, who, time, inHead]) => ({
    ...toSample(putHead(write(who, time), inHead), who, time),
    jails,
  }));

function heard(situation: Situation, written: Words): Words {
  return situation.cookies ? written : { ...written, cookie: undefined };
}

function toSample({ text, settled }: Written, who: Client, time: string): Omit<Sample, "jails"> {
  return { line: text, settled, client: who, date: time };
}

/** The second of HAProxy's date, epoch ms. */
function instantOf({ date: text }: Sample): number {
  const [day, month, year, time] = [text.slice(0, 2), text.slice(3, 6), text.slice(7, 11), text.slice(12, 20)];
  return Date.parse(`${day} ${month} ${year} ${time} UTC`);
}

/** Cut off at a byte behind `from`, as HAProxy does at the log's `len`. */
function cutOff(from: (sample: Sample) => number): fc.Arbitrary<Sample> {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  return fc.tuple(session, share).map(([sample, left]) => {
    const start = from(sample);
    return { ...sample, line: sample.line.slice(0, Math.round(start + left * (sample.line.length - start))) };
  });
}

/** haproxy-paths judges what the client asked for, so the fixed fields do not settle it. */
function settledJails(verdict: object): string[] {
  return Object.keys(verdict).filter((jail) => jail !== "haproxy-paths");
}

const list = (one: fc.Arbitrary<Sample>) => fc.array(one, { minLength: 20, maxLength: 20 });

describe.each(judges())("HAProxy's filters, read by $name", (judge) => {
  afterAll(() => judge.close());

  const check = (
    one: fc.Arbitrary<Sample>,
    look: (sample: Sample, verdict: Readonly<Record<string, string>>) => void,
  ) =>
    fc.assert(
      fc.asyncProperty(list(one), async (samples) => {
        const verdicts = await judge.judge(samples.map(({ line }) => toText(line)));
        for (const [index, sample] of samples.entries()) look(sample, verdicts[index]!);
      }),
      { numRuns: 60 },
    );

  const namesItsClient = ({ client: who, line }: Sample, verdict: Readonly<Record<string, string>>) => {
    for (const [jail, address] of Object.entries(verdict)) expect(address, `${jail}: ${line}`).toBe(who.address);
  };

  it("name the client of a session, or nobody", () => check(fc.oneof(session, plain), namesItsClient));

  it("name the client of a line that is cut off anywhere, or nobody", () =>
    check(
      cutOff(() => 0),
      namesItsClient,
    ));

  it("find what the fixed fields say, whatever the client wrote", () =>
    check(fc.oneof(session, plain), ({ jails, line }, verdict) => {
      expect(settledJails(verdict), line).toEqual(jails);
    }));

  it("find it in a line that is cut off after the fixed fields", () =>
    check(
      cutOff(({ settled }) => settled),
      ({ jails, line }, verdict) => expect(settledJails(verdict), line).toEqual(jails),
    ));

  it("take HAProxy's date, whatever other dates a client wrote", () =>
    fc.assert(
      fc.asyncProperty(list(session), async (samples) => {
        const instants = samples.map(instantOf);
        const dates = await judge.date(
          samples.map(({ line }) => toText(line)),
          instants.map((instant) => instant + 999),
        );
        for (const [index, found] of dates.entries()) {
          for (const at of Object.values(found)) expect(at, samples[index]!.line).toBe(instants[index]);
        }
      }),
      { numRuns: 40 },
    ));
});
