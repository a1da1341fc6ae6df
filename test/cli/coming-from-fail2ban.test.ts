/** Everything that Fail2Ban's own tools offer in their help is there, or refused with a sentence that says what to do instead. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { runCommandLine } from "../../cli/main.ts";
import { available } from "../support/require.ts";
import { createTerminalDouble } from "./terminal-double.ts";

async function run(...argv: string[]) {
  const double = createTerminalDouble();
  const code = await runCommandLine(argv, double.terminal);
  return { code, out: double.out(), err: double.err() };
}

const helpOf = (program: string) => execFileSync(program, ["--help"], { encoding: "utf8" });
const NO_SOCKET = ["--socket", "/nonexistent/fleet2ban.sock"];

/** A sentence of its own below the error, and none of commander's guesses. */
const REFUSAL = /^error: .*\n {4}(?!There are:|Did you mean)\S.{20,}\n(\(fleet2ban --help lists the commands\)\n)?$/;

/** A usage of the help as somebody would type it: "set <JAIL> idle on|off" is "set web idle on". */
function typed(usage: string): string[] {
  const words = usage.replace(/\[.*?\]/g, "").replace(/'tail'|\.\.\.|\]/g, "");
  return words
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => word.replace("<JAIL>", "web").replace("<IP>", "192.0.2.1").replace(/<.*>/, "x").replace(/\|.*/, ""));
}

describe.skipIf(!available(["fail2ban-client"]))("a command of fail2ban-client", () => {
  const [, commands = ""] = available(["fail2ban-client"]) ? helpOf("fail2ban-client").split("\nCommand:\n") : [];
  const usages = commands.split("\n").flatMap((line) => /^ {4}([a-z].*?)(?: {2,}|$)/.exec(line)?.[1] ?? []);

  it("is read from its help", () => expect(usages.length).toBeGreaterThan(80));

  it.each([...new Set(usages.map((usage) => typed(usage).join(" ")))])("%s", async (line) => {
    const { code, out, err } = await run(...line.split(" "), ...NO_SOCKET);
    if (line === "help") expect(code).toBe(0);
    else if (code === 255) expect(out).toMatch(/^Failed to access socket path/);
    else expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(REFUSAL) });
  });

  const [options = ""] = available(["fail2ban-client"]) ? helpOf("fail2ban-client").split("\nCommand:\n") : [];
  const flags = [...options.matchAll(/(?<=^ {4}|, )(--?[\w-]+)/gm)].map(([flag]) => flag);

  it.each(flags)("the option %s", async (flag) => {
    const { code, err } = await run(flag, "x");
    if (code !== 0) expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(REFUSAL) });
  });
});

describe.skipIf(!available(["fail2ban-regex"]))("an option of fail2ban-regex", () => {
  const help = available(["fail2ban-regex"]) ? helpOf("fail2ban-regex") : "";
  const flags = [...help.matchAll(/(?<=^ {2}|, )(--?[\w-]+)/gm)].map(([flag]) => flag);

  it("is read from its help", () => expect(flags.length).toBeGreaterThan(35));

  it.each(flags)("%s", async (flag) => {
    const { out } = await run("regex", "--help");
    if (new RegExp(`(^| )${flag}[ ,]`, "m").test(out)) return;
    const { code, err } = await run("regex", flag, "line", "regex");
    // The version is the program's, wherever it is asked for.
    if (["-V", "--version"].includes(flag)) expect(code).toBe(0);
    else expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(REFUSAL) });
  });
});

describe("a word that Fail2Ban has not either", () => {
  it.each([
    { argv: ["frobnicate"], err: "error: unknown command 'frobnicate'\n(fleet2ban --help lists the commands)\n" },
    {
      argv: ["status", "web", "deep"],
      err: "error: too many arguments for 'status'. Expected 1 argument but got 2.\n(fleet2ban --help lists the commands)\n",
    },
    { argv: ["statsu"], err: expect.stringContaining("\n(Did you mean status?)\n") },
    { argv: ["set", "web", "zzzz", "1"], err: expect.stringContaining("\n    There are: banip, ") },
  ])("$argv is refused as before", async ({ argv, err }) =>
    expect(await run(...argv)).toEqual({ code: 2, out: "", err }),
  );
});

describe("--verbosity", () => {
  it.each([
    { argv: ["--verbosity", "1"], shown: true },
    { argv: ["--verbosity=0", "-v"], shown: false },
    { argv: [], shown: false },
  ])("$argv", async ({ argv, shown }) => {
    const { code, out } = await run("regex", ...argv, "bad from 192.0.2.1", "from <ADDR>$");
    expect(code).toBe(0);
    expect(/^\| {6}192\.0\.2\.1/m.test(out)).toBe(shown);
  });

  it("is a number", async () => expect((await run("regex", "--verbosity", "many", "a", "b")).code).toBe(2));
});
