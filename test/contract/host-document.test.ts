/** The document as SSM and its agent see it: shape, size, and patterns that Java and Go read alike. */
import fc from "fast-check";
import RE2 from "re2";
import { describe, expect, it } from "vitest";
import { changesLimit, DOCUMENT_LIMIT, hostDocument, scriptIn } from "../../shared/contract/host-document.ts";
import { HOST_MODES, HOST_SCRIPT_INPUT } from "../../shared/contract/host-input.ts";
import { hostScript } from "../../shared/contract/host-script.ts";
import { encodeChanges, encodeFullList } from "../../shared/core/firewall/encode.ts";
import { ban, target, unban } from "../adapters/firewall-rig.ts";
import { judgePattern } from "../support/portable-pattern.ts";
import { SEED } from "../support/seed.ts";

const document = hostDocument(hostScript);
const content = JSON.stringify(document);
const patterns = Object.values(document.parameters).flatMap(({ allowedPattern }) => allowedPattern ?? []);

describe("the host document", () => {
  it("is a command document that passes every parameter as an environment variable", () => {
    expect(document.schemaVersion).toBe("2.2");
    expect(Object.keys(document.parameters).map((name) => `SSM_${name}`)).toEqual(Object.values(HOST_SCRIPT_INPUT));
    for (const parameter of Object.values(document.parameters)) {
      expect(parameter).toMatchObject({ type: "String", interpolationType: "ENV_VAR" });
      expect(parameter.allowedPattern ?? parameter.allowedValues).toBeDefined();
    }
    expect(document.parameters.Mode?.allowedValues).toEqual(HOST_MODES);
    expect(document.mainSteps.map(({ action }) => action)).toEqual(["aws:runShellScript"]);
  });

  it("puts no parameter into the script's text", () => {
    expect(content).not.toContain("{{");
    expect(document.mainSteps[0].inputs.runCommand.filter((line) => /\{\{|\}\}/.test(line))).toEqual([]);
  });

  it("carries the script byte for byte", () => {
    expect(scriptIn(content)).toBe(hostScript.text);
    expect(hostScript.text.startsWith("#!/bin/sh\n")).toBe(true);
    expect(scriptIn("{}")).toBeUndefined();
    expect(scriptIn("null")).toBeUndefined();
    expect(scriptIn("schemaVersion: '2.2'")).toBeUndefined();
  });

  it("is ASCII, so characters are bytes", () => {
    expect(content).toMatch(/^[ -~]*$/);
  });

  it("leaves room for a thousand bans in one command", () => {
    const bans = Array.from({ length: 1000 }, (_, i) => ban(`198.51.${100 + (i >> 8)}.${i & 255}`));
    expect(encodeChanges(bans, changesLimit(content.length)).chunks).toHaveLength(1);
  });

  it("stays below 64 KB with the longest command, however it is counted", () => {
    const octets = fc.tuple(fc.integer({ min: 1, max: 126 }), fc.nat(255), fc.nat(255), fc.nat(255));
    const address = octets.map((parts) => parts.join("."));
    const jail = fc.integer({ min: 0, max: 40 }).map((i) => `j${i}`);
    const change = fc
      .tuple(address, jail, fc.boolean())
      .map(([id, name, lifts]) => (lifts ? unban(id, 1, name) : ban(id, { jail: name })));
    const limit = changesLimit(content.length);
    fc.assert(
      fc.property(fc.array(change, { minLength: 50, maxLength: 60 }), (some) => {
        const many = Array.from({ length: 40 }, (_, i) =>
          some.map((each) => ({ ...each, target: target(each.target.replace(/\d+$/, String((i * 6) % 256))) })),
        ).flat();
        for (const chunk of [...encodeChanges(many, limit).chunks, ...encodeFullList([], limit, 1e12).chunks]) {
          const parameters = { Mode: ["reconcile"], Changes: [chunk], Deadline: ["99999999999"] };
          expect(content.length + JSON.stringify(parameters).length).toBeLessThan(DOCUMENT_LIMIT - 1024);
        }
      }),
      { seed: SEED, numRuns: 30 },
    );
  });
});

describe("the allowed patterns", () => {
  it.each(patterns)("%s means the same in Java and in Go", (pattern) => {
    expect(judgePattern(pattern)).toEqual({ kind: "portable" });
  });

  it("take every text that is sent, and nothing that a shell could read as code", () => {
    const [wire = "", deadline = ""] = patterns;
    const samples = [
      ...encodeChanges([ban("192.0.2.1"), ban("2001:db8::/32", { jail: "a b;c" }), unban("192.0.2.2")]).chunks,
      ...encodeFullList([ban("192.0.2.1")], undefined, 1_700_000_000_000).chunks,
      "",
    ];
    for (const sample of samples) {
      expect(sample).toMatch(new RegExp(wire));
      expect(new RE2(wire).test(sample)).toBe(true);
    }
    for (const evil of [
      "$(id)",
      "`id`",
      "a;b",
      "{{ssm:x}}",
      "a'b",
      'a"b',
      "a\\b",
      "a|b",
      "a&b",
      "a\rb",
      "ä",
      "a\u2028",
    ]) {
      expect(evil).not.toMatch(new RegExp(wire));
      expect(new RE2(wire).test(evil)).toBe(false);
    }
    // Letter by letter: one that is let through alone is not saved by its neighbours.
    for (const letter of Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))) {
      expect(new RE2(wire).test(letter), JSON.stringify(letter)).toBe(/[A-Za-z0-9.:/,_ \n-]/.test(letter));
    }
    for (const text of ["", "-1", "1e9", "123456789012", "1 2"]) expect(new RE2(deadline).test(text)).toBe(false);
    expect(new RE2(deadline).test("1763846400")).toBe(true);
  });

  it.each([
    ["^(?=a)a$", "look-around"],
    ["^(?<!a)b$", "look-around"],
    ["^(?>a)$", "atomic"],
    ["^a*+$", "possessive"],
    ["^a{2}+$", "possessive"],
    ["^\\Qa\\E$", "quoting"],
    ["^\\h$", "Java's alone"],
    ["^[\\h]$", "Java's alone"],
    ["^\\R$", "Java's alone"],
    ["^(a)\\1$", "back-reference"],
    ["^\\s$", "\\s"],
    ["^[\\w]$", "\\w"],
    ["^\\b$", "\\b"],
    ["^\\p{Alpha}$", "lacks"],
    ["^[[:alpha:]]$", "union"],
    ["^[a-z&&[^b]]$", "intersection"],
    ["^(?i)a$", "flags"],
    ["^(?<n>a)$", "named"],
    ["^a{1001}$", "1000"],
    ["^a.b$", "dot"],
    ["^{a$", "brace"],
    ["^[]a]$", "class"],
    ["a$", "anchored"],
    ["^a", "anchored"],
    ["^a\\$", "anchored"],
    ["^ä$", "ASCII"],
    ["^a\\z$", "lacks"],
  ])("refuse %s", (pattern, reason) => {
    expect(judgePattern(pattern)).toMatchObject({ kind: "refused", reason: expect.stringContaining(reason) });
  });

  it.each(["^a+?$", "^(?:a|b){2,3}$", "^[^a-z\\]]*$", "^\\.\\n\\/$", "^[-+*{(&]$"])("admit %s", (pattern) => {
    expect(judgePattern(pattern)).toEqual({ kind: "portable" });
  });
});
