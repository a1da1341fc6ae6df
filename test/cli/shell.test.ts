import { execFileSync, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runCommandLine } from "../../cli/main.ts";
import { createProgress } from "../../cli/progress.ts";
import { createTerminalDouble } from "./terminal-double.ts";

const BIN = fileURLToPath(new URL("../../cli/bin.mjs", import.meta.url));
const NO_SOCKET = ["--socket", "/nonexistent/fleet2ban.sock"];

async function run(...argv: string[]) {
  const double = createTerminalDouble();
  const code = await runCommandLine(argv, double.terminal);
  return { code, out: double.out(), err: double.err() };
}

describe("the command line", () => {
  it("groups its commands in the help", async () => {
    const { code, out } = await run("--help");
    expect(code).toBe(0);
    const groups = [
      "Try it:",
      "Look at a configuration:",
      "Run:",
      "Ask and tell the running daemon",
      "The daemon:",
      "A stack:",
    ];
    expect(groups.map((group) => out.indexOf(group))).toEqual(
      groups.map((group) => out.indexOf(group)).sort((a, b) => a - b),
    );
    expect(out.indexOf(groups[0]!)).toBeGreaterThan(0);
  });

  it.each([
    { argv: ["help"], first: "Usage: fleet2ban [options] [command]" },
    { argv: ["help", "status"], first: "Usage: fleet2ban status [options] [jail]" },
  ])("$argv shows help", async ({ argv, first }) => {
    const { code, out } = await run(...argv);
    expect({ code, first: out.split("\n")[0] }).toEqual({ code: 0, first });
  });

  const commands =
    "demo check dump regex run status banned why get set unban ping version reload stop deeds doctor".split(" ");
  it.each(commands)("%s has --json and help with examples", async (name) => {
    const { code, out } = await run(name, "--help");
    expect(code).toBe(0);
    expect(out).toContain("--json");
    expect(out).toMatch(new RegExp(`Examples:\n {2}fleet2ban ${name}`));
  });

  it.each([
    { argv: ["statsu"], code: 2, err: "Did you mean status?" },
    { argv: ["status", "--frob"], code: 2, err: "unknown option '--frob'" },
    { argv: ["status", "a", "b"], code: 2, err: "too many arguments" },
    { argv: ["get", "sshd"], code: 2, err: "missing required argument 'option'" },
    { argv: ["get", "sshd", "maxrety"], code: 2, err: "Did you mean maxretry?" },
    { argv: ["get", "sshd", "zzzzzzzzzz"], code: 2, err: "There are: banip, held, bantime" },
    { argv: ["set", "sshd", "banpi", "192.0.2.1"], code: 2, err: "Did you mean banip?" },
    { argv: ["set", "sshd", "banip"], code: 2, err: "missing required argument 'value'" },
    { argv: ["set", "sshd", "held", "perhaps"], code: 2, err: "held takes ban or let-go" },
    { argv: ["unban"], code: 2, err: "unban takes addresses, or --all" },
    { argv: ["unban", "--all", "192.0.2.1"], code: 2, err: "unban takes addresses, or --all" },
    { argv: ["status", "sshd", "--all"], code: 2, err: "status takes a jail, --all or --hosts" },
    { argv: ["status", "--hosts"], code: 2, err: "this command asks a deployed stack" },
    { argv: ["doctor", "--tag", "haproxy"], code: 2, err: "write it as Key=Value" },
    { argv: ["deeds"], code: 2, err: "Name it with --stack or $FLEET2BAN_STACK" },
    { argv: ["status", "--stack", "a", "--socket", "b"], code: 2, err: "--stack and --socket exclude each other" },
    { argv: ["banned", "--region", "eu-west-1"], code: 2, err: "--profile and --region are for a stack" },
    { argv: ["unban", "--immune", "soon", "192.0.2.1"], code: 2, err: "write a time such as 90 (seconds), 30m, 2h" },
    { argv: ["unban", "--immune", "-1", "192.0.2.1"], code: 2, err: "write a time such as" },
    { argv: ["set", "sshd", "idle", "perhaps"], code: 2, err: "idle takes on or off" },
    { argv: ["regex", "-L", "0", "a", "b"], code: 2, err: "a whole number of at least 1" },
    { argv: [], code: 2, err: "Usage: fleet2ban" },
  ])("$argv: exit $code", async ({ argv, code, err }) => {
    const result = await run(...argv);
    expect(result.err).toContain(err);
    expect(result.code).toBe(code);
    expect(result.out).toBe("");
  });

  it.each([
    ["ping", []],
    ["status", []],
    ["get", ["sshd", "banip"]],
    ["set", ["sshd", "banip", "192.0.2.1"]],
    ["unban", ["--all"]],
  ])("%s without a daemon: exit 255 and where it was looked for", async (name, args) => {
    const { code, out } = await run(name, ...args, ...NO_SOCKET);
    expect(code).toBe(255);
    expect(out).toMatch(/^Failed to access socket path: \/nonexistent\/fleet2ban.sock. Is fleet2ban running\?/);
    const json = await run(name, ...args, ...NO_SOCKET, "--json");
    expect(JSON.parse(json.out)).toMatchObject({ kind: "refused", refusal: { kind: "unreachable" } });
  });
});

describe("the program", () => {
  it("prints its version", () => {
    expect(execFileSync(process.execPath, [BIN, "--version"], { encoding: "utf8" })).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("carries the exit code out", () => {
    const { status, stderr } = spawnSync(process.execPath, [BIN, "frobnicate"], { encoding: "utf8" });
    expect({ status, first: stderr.split("\n")[0] }).toEqual({
      status: 2,
      first: "error: unknown command 'frobnicate'",
    });
  });

  it("is quiet when its reader leaves", async () => {
    const child = spawn(process.execPath, [BIN, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let err = "";
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });
});

describe("colours", () => {
  it.each([
    { env: {}, isTTY: true, coloured: true },
    { env: {}, isTTY: false, coloured: false },
    { env: { NO_COLOR: "1" }, isTTY: true, coloured: false },
    { env: { NO_COLOR: "" }, isTTY: true, coloured: true },
    { env: { FORCE_COLOR: "1" }, isTTY: false, coloured: true },
    { env: { FORCE_COLOR: "1", NO_COLOR: "1" }, isTTY: false, coloured: false },
    { env: { TERM: "dumb" }, isTTY: true, coloured: false },
  ])("$env on a terminal: $isTTY", ({ env, isTTY, coloured }) => {
    const { terminal } = createTerminalDouble(env, { isTTY });
    expect(terminal.colours.red("x") !== "x").toBe(coloured);
  });
});

describe("the progress line", () => {
  it("never reaches a file or a pipe", () => {
    const double = createTerminalDouble();
    const progress = createProgress(double.terminal);
    progress.show(1, 2, "half");
    progress.line("text");
    progress.clear();
    expect(double.out()).toBe("text\n");
  });

  it("stays below what is printed, and never wraps", () => {
    const double = createTerminalDouble({}, { isTTY: true, columns: 30 });
    const progress = createProgress(double.terminal);
    progress.show(1, 2, "half of very many lines");
    progress.line("text");
    progress.clear();
    const [bar, rest] = double.out().split("text\n");
    expect(bar).toContain("████████████░░░░");
    expect(rest).toMatch(/\r\x1b\[2K$/);
    const rows = double.out().split(/\r\x1b\[2K|\n/);
    expect(Math.max(...rows.map((row) => row.length))).toBeLessThan(30);
  });
});
