/** Shows Fail2Ban every configuration that a test file makes, and compares. */
import { describe, expect, it } from "vitest";
import { dumpConfiguration } from "../../../shared/core/config/dump-configuration.ts";
import { available } from "../../support/require.ts";
import { compile } from "./compile.ts";
import type { Tree } from "./oracle.ts";
import { streams } from "./oracle.ts";

/** What every tree needs so that Fail2Ban has the actions that we have built in. */
const ACTIONS = {
  "action.d/iptables-allports.conf": "[Definition]\n",
  "action.d/iptables.conf": "[Definition]\n",
  "fail2ban.conf": "[Definition]\nloglevel = INFO\n",
};

/** `show` takes note of a configuration; `agree`, called last, adds the test that compares all of them. */
export function judged() {
  const seen: Tree[] = [];
  const show = (files: Tree): Tree => {
    seen.push(files);
    return files;
  };
  const agree = () =>
    describe.skipIf(!available(["fail2ban-client", "python3"]))("Fail2Ban", () => {
      it("says the same of all of the above", () => {
        expect(seen.length).toBeGreaterThan(0);
        const trees = seen.map((files) => ({ ...ACTIONS, ...files }));
        for (const [index, answer] of streams(trees).entries()) expectSame(trees[index]!, answer);
      });
    });
  return { show, agree };
}

function expectSame(files: Tree, answer: ReturnType<typeof streams>[number]): void {
  const compiled = compile(files);
  const fatal = compiled.problems.some(({ severity, jail }) => severity === "error" && jail === undefined);
  const context = JSON.stringify(files, null, 1);
  if ("error" in answer) {
    expect(fatal, `${answer.error}: ${context}`).toBe(true);
    return;
  }
  const ours = dumpConfiguration(compiled).filter((command) => command[2] !== "addlogpath");
  expect(ours, context).toEqual(answer.stream.filter((command) => command[2] !== "addlogpath"));
}
