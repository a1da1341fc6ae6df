/** The app as the CDK command line starts it: a process of its own, without credentials, without anything of the caller's. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";
import { CONTEXT } from "./synthesise.ts";

const ROOT = join(import.meta.dirname, "../..");

interface Start {
  readonly context?: Readonly<Record<string, unknown>>;
  /** fleet2ban.json. */
  readonly settings?: string;
}

function start({ context = {}, settings }: Start) {
  const directory = mkdtempSync(join(tmpdir(), "fleet2ban-app-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  // tsx is looked up from the working directory.
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  if (settings !== undefined) writeFileSync(join(directory, "fleet2ban.json"), settings);
  const out = join(directory, "out");
  const ended = spawnSync(process.execPath, ["--import", "tsx", join(ROOT, "cdk/app.ts")], {
    cwd: directory,
    encoding: "utf8",
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      CDK_OUTDIR: out,
      CDK_CONTEXT_JSON: JSON.stringify({ ...CONTEXT, "aws:cdk:bundling-stacks": [], ...context }),
    },
  });
  return { ...ended, templates: () => readdirSync(out).filter((file) => file.endsWith(".template.json")) };
}

describe("the app", () => {
  it("synthesises both stacks with nothing set, with cdk-nag's consent, without an account", () => {
    const { status, stderr, templates } = start({});
    expect(stderr).not.toContain("ERROR");
    expect(status).toBe(0);
    expect(templates()).toEqual(["fleet2ban-state.template.json", "fleet2ban.template.json"]);
  });

  it.each([
    {
      name: "a wrong setting in the file",
      given: { settings: '{"mode": "on"}' },
      words: 'fleet2ban.json: mode: "on" is not allowed; write "observe" or "enforce"\n',
    },
    {
      name: "a wrong setting in the context, which goes before the file",
      given: { settings: "{", context: { fleet2ban: { modes: "observe" } } },
      words: 'cdk.json, context "fleet2ban": modes: there is no such setting; mode was probably meant\n',
    },
    { name: "a file that is no JSON", given: { settings: "{" }, words: "fleet2ban.json: this is no JSON: " },
    {
      name: "a configuration that is not there",
      given: { settings: '{"configuration": "./nowhere"}' },
      words: "there is no configuration directory ./nowhere",
    },
  ])("tells $name in words, and makes nothing", ({ given, words }) => {
    const { status, stderr, templates } = start(given);
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(status).toBe(1);
    expect(templates()).toEqual([]);
  });
});
