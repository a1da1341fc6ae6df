/**
 * What people type, programs send over the socket, registries answer and a parameter holds: whatever stands there, a named
 * outcome comes out, within time that grows as its length does.
 */
import { PassThrough } from "node:stream";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { mockClient } from "aws-sdk-client-mock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRequest } from "../../cli/daemon/request.ts";
import { findStack } from "../../shared/adapters/aws/account/stack.ts";
import { LineBuffer } from "../../shared/adapters/local/control/line-buffer.ts";
import { ControlError, decodeRequest, decodeResponse } from "../../shared/adapters/local/control/protocol.ts";
import { factLines } from "../../shared/adapters/whois/facts.ts";
import { createPort43, type Port43Deps } from "../../shared/adapters/whois/port43.ts";
import { rdapFacts } from "../../shared/adapters/whois/rdap-facts.ts";
import { contains, familyOf, type IpAddress, parseIp, parseNetwork, prefixOf } from "../../shared/core/address.ts";
import { parseIgnoreWords } from "../../shared/core/detect/ignore.ts";
import { WIRE_PATTERN } from "../../shared/core/firewall/encode.ts";
import { editsWith, graftsWith, isObject, type Json, spoil, spoilJson } from "./spoil.ts";

const WORDS =
  "192.0.2.1 192.0.2.0/24 2001:db8::1/64 ::ffff:192.0.2.1 255.255.255.0 fe80::1%eth0 [::1] 0x7f.1 / : . ::".split(" ");
const address = fc.tuple(fc.constantFrom(...WORDS), editsWith(WORDS, 3, 20)).map(([word, edits]) => spoil(word, edits));

describe("an address as a person or a line writes it", () => {
  it("is none, or one canonical target that reads as itself and passes the wire", () => {
    const wire = new RegExp(WIRE_PATTERN);
    let targets = 0;
    fc.assert(
      fc.property(fc.oneof(address, fc.constantFrom(...WORDS)), (text) => {
        const target = parseNetwork(text);
        if (target === undefined) return void expect(parseIp(text)).toBeUndefined();
        targets++;
        expect(parseNetwork(target)).toBe(target);
        expect(target).toMatch(wire);
        expect(target).not.toMatch(/[\s%[\]]/);
        const [base, length] = prefixOf(target);
        const width = familyOf(target) === "inet4" ? 32n : 128n;
        expect(length).toBeLessThanOrEqual(Number(width));
        // Host bits are cleared, and a single address has none.
        expect(target.includes("/") && length === Number(width)).toBe(false);
        expect(base % (1n << (width - BigInt(length)))).toBe(0n);
        expect(contains(target, target)).toBe(true);
      }),
      { numRuns: 5000 },
    );
    expect(targets).toBeGreaterThan(500);
  });

  it("is a target, a name, a file or named as unknown in a list of ignoreip, and nothing is dropped", () => {
    fc.assert(
      fc.property(fc.array(address, { maxLength: 5 }), (words) => {
        const { targets, names, files, unknown } = parseIgnoreWords(words);
        const asked = words.flatMap((word) => word.split(/[\s,]+/)).filter((word) => word !== "");
        expect(targets.length + names.length + files.length + unknown.length).toBe(asked.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a line on the control socket", () => {
  const kinds =
    "ping status all-status jail-status banned banned-where accounts ban-list option ban unban unban-all idle release unban-everywhere ignore unignore".split(
      " ",
    );
  const request: Json = {
    command: ["ban"],
    options: { jail: "web", ids: ["192.0.2.1"], entries: ["a"], actor: "ann", immune: 5, idle: true, verdict: "ban" },
  };
  const names = ["command", "options", "jail", "ids", "shape", "option", "ok", "result", "error", "code", "message"];
  const line = (sound: Json) =>
    fc.oneof(
      graftsWith(names).map((grafts) => JSON.stringify(spoilJson(sound, grafts))),
      editsWith(names).map((edits) => spoil(JSON.stringify(sound), edits)),
    );

  it("is a request with every part of its type, or refused", () => {
    let requests = 0;
    fc.assert(
      fc.property(fc.constantFrom(...kinds), line(request), (kind, text) => {
        let decoded: ReturnType<typeof decodeRequest>;
        try {
          decoded = decodeRequest(text);
        } catch (error) {
          return void expect(error).toMatchObject({ name: "ControlError", code: "bad-request" });
        }
        expect(decoded.command.every((word) => typeof word === "string")).toBe(true);
        const parsed = parseRequest(kind, decoded.options);
        if (parsed === undefined) return;
        requests++;
        expect(parsed.kind).toBe(kind);
        for (const [name, value] of Object.entries(parsed)) {
          if (name === "ids" || name === "entries")
            expect((value as unknown[]).every((each) => typeof each === "string")).toBe(true);
          if (name === "jail" || name === "actor") expect(typeof value).toBe("string");
          if (name === "immune") expect(value).toBeGreaterThan(0);
          if (name === "idle") expect(typeof value).toBe("boolean");
        }
        // What nobody asked for, nobody gets.
        if (parsed.kind === "ban") expect(decoded.options.jail).toBe(parsed.jail);
      }),
      { numRuns: 3000 },
    );
    expect(requests).toBeGreaterThan(300);
  });

  it("is an answer, or an error with a code", () => {
    const sound = fc.constantFrom<Json>(
      { ok: true, result: { kind: "count", count: 1 } },
      { ok: false, error: { code: "refused", message: "no", next: "look" } },
    );
    fc.assert(
      fc.property(
        sound.chain((each) => line(each)),
        (text) => {
          try {
            expect(decodeResponse(text)).toBeDefined();
          } catch (error) {
            expect(error).toBeInstanceOf(ControlError);
            expect(typeof (error as ControlError).code).toBe("string");
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("is the same however its bytes are cut", () => {
    const bytes = fc.array(fc.constantFrom("a", "é", "\n", "\r", "😀", "{}"), { maxLength: 40 });
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(8), { maxLength: 40 }), (parts, cuts) => {
        const whole = Buffer.from(parts.join(""));
        const buffer = new LineBuffer(1_000);
        const lines: string[] = [];
        let from = 0;
        for (const cut of [...cuts, whole.length]) {
          buffer.push(whole.subarray(from, from + cut));
          from = Math.min(whole.length, from + cut);
          for (let next = buffer.shift(); next !== undefined; next = buffer.shift()) lines.push(next);
        }
        expect(lines).toEqual(whole.toString().split("\n").slice(0, -1));
      }),
      { numRuns: 1000 },
    );
  });

  it("costs no more for each of many", () => {
    const costOf = (count: number) => {
      let best = Number.POSITIVE_INFINITY;
      for (let times = 0; times < 3; times++) {
        const before = process.cpuUsage();
        for (let round = 0; round < 40_000 / count; round++) {
          const buffer = new LineBuffer(1 << 20);
          buffer.push(Buffer.alloc(count, "\n"));
          while (buffer.shift() !== undefined);
        }
        const { user, system } = process.cpuUsage(before);
        best = Math.min(best, user + system);
      }
      return best;
    };
    costOf(400);
    // As many lines in all. Those of the long chunk would cost tens of times as much, were what is left copied for each.
    expect(costOf(40_000) / costOf(400)).toBeLessThan(8);
  });
});

describe("a stack's description", () => {
  const sound: Json = {
    ...{ format: 1, version: "0.1.0", windowsTable: "w", bansTable: "b", controlTable: "c", documentName: "d" },
    ...{ targetTagKey: "k", targetTagValue: "v", alarmTopicArn: "a", mailTopics: ["m"], ingestFunction: "f" },
    logGroups: ["/var/log/haproxy"],
  };

  it("is one with every part of its type, or refused with what to do", async () => {
    const names = Object.keys(sound as object);
    const text = fc.oneof(
      graftsWith(names).map((grafts) => JSON.stringify(spoilJson(sound, grafts))),
      editsWith(names).map((edits) => spoil(JSON.stringify(sound), edits)),
    );
    const ssm = mockClient(SSMClient);
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(text, async (Value) => {
        ssm.on(GetParameterCommand).resolves({ Parameter: { Value } });
        try {
          const found = await findStack(ssm as unknown as SSMClient, "web");
          seen.add("found");
          for (const [name, value] of Object.entries(found)) {
            if (name === "format") expect(value).toBe(1);
            else if (name === "mailTopics" || name === "logGroups")
              expect((value as unknown[]).every((each) => typeof each === "string")).toBe(true);
            else expect(typeof value).toBe("string");
          }
        } catch (error) {
          seen.add("refused");
          expect(error).toMatchObject({ code: "rejected", next: expect.any(String) });
        }
      }),
      { numRuns: 500 },
    );
    expect([...seen].sort()).toEqual(["found", "refused"]);
  });
});

describe("a registry's answer", () => {
  const entity = (role: string, name: string): Json => ({
    objectClassName: "entity",
    roles: [role],
    vcardArray: [
      "vcard",
      [
        ["fn", {}, "text", name],
        ["email", {}, "text", "abuse@example.net"],
      ],
    ],
  });
  const answer: Json = {
    ...{ objectClassName: "ip network", handle: "NET-1", startAddress: "192.0.2.0", endAddress: "192.0.2.255" },
    ...{ name: "EXAMPLE", country: "AT", cidr0_cidrs: [{ v4prefix: "192.0.2.0", length: 24 }] },
    entities: [{ ...(entity("registrant", "Example Org") as object), entities: [entity("abuse", "Abuse")] }],
  };
  /** What a mail may show of a stranger: a few lines of ours, each with a bounded, visible rest. */
  const expectModest = (lines: readonly string[]) => {
    expect(lines.length).toBeLessThanOrEqual(4);
    for (const line of lines) {
      expect(line).toMatch(/^(?:Network:|Holder:|Country:|Abuse:) /);
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect([...line].length).toBeLessThanOrEqual(140);
    }
  };

  it("of any JSON becomes at most four modest lines", () => {
    const names = ["entities", "roles", "vcardArray", "cidr0_cidrs", "objectClassName", "country"];
    let told = 0;
    fc.assert(
      fc.property(graftsWith(names), (grafts) => {
        const facts = rdapFacts(spoilJson(answer, grafts));
        if (facts === undefined) return;
        const lines = factLines(facts);
        told += lines.length;
        expectModest(lines);
      }),
      { numRuns: 3000 },
    );
    expect(told).toBeGreaterThan(1_000);
  });

  it("of any text at port 43 becomes at most four modest lines, and leads to hosts of ordinary names only", async () => {
    const sound =
      "% Abuse contact for '192.0.2.0' is 'abuse@example.net'\nrefer: whois.example.net\ninetnum: 192.0.2.0 - 192.0.2.255\nnetname: EXAMPLE\ndescr: Example\ncountry: AT\n";
    const text = editsWith(["refer:", "whois://", "\n", "%", "localhost", "[::1]", ":43", "a.b"]).map((edits) =>
      spoil(sound, edits),
    );
    await fc.assert(
      fc.asyncProperty(text, async (reply) => {
        const asked: string[] = [];
        const connect = (host: string) => {
          asked.push(host);
          const socket = new PassThrough();
          // A server says what it says, whatever it was asked, and hangs up.
          Object.assign(socket, { write: () => true });
          queueMicrotask(() => {
            socket.emit("data", reply);
            socket.destroy();
          });
          return socket as unknown as ReturnType<NonNullable<Port43Deps["connect"]>>;
        };
        const port43 = createPort43({ connect });
        const lines = await port43("192.0.2.1" as IpAddress, new AbortController().signal).catch((error: Error) => {
          expect(error.message).toMatch(/answered nothing of use$/);
          return [];
        });
        expectModest(lines);
        expect(asked.length).toBeLessThanOrEqual(3);
        for (const host of asked) expect(host).toMatch(/^(?:[a-z0-9-]+\.)+[a-z]{2,}$/i);
      }),
      { numRuns: 500 },
    );
  });

  it("of entities without end is read as far as its bound, in time that grows as it does", () => {
    const wide = (count: number): Json => ({
      ...(answer as object),
      entities: Array.from({ length: count }, () => entity("abuse", "x".repeat(100))),
    });
    const deep = Array.from({ length: 2_000 }).reduce<Json>(
      (inner) => ({ ...(entity("abuse", "deep") as object), entities: [inner] }),
      entity("abuse", "last"),
    );
    expect(rdapFacts(wide(100_000))?.abuse).toBe("abuse@example.net");
    expect(rdapFacts({ ...(answer as object), entities: [deep] } as Json)?.abuse).toBe("abuse@example.net");
    expect(isObject(deep)).toBe(true);
  });
});
