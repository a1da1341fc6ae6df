/** A daemon of our own in a folder of its own: configuration, log, state and socket, started, killed and asked. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommandLine } from "../../cli/main.ts";
import { createTerminalDouble } from "../cli/terminal-double.ts";

const BIN = join(import.meta.dirname, "../../cli/bin.mjs");

export interface Reply {
  readonly code: number;
  readonly text: string;
}

export class DaemonRig {
  readonly dir = mkdtempSync(join(tmpdir(), "fleet2ban-daemon-"));
  readonly log = join(this.dir, "access.log");
  readonly banLog = join(this.dir, "ban.log");
  readonly #prefix: readonly string[];
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;
  #output = "";

  /** `prefix` goes before the daemon's command ("ip netns exec NAME"), `options` after it. */
  constructor({
    prefix = [],
    options = [],
  }: { readonly prefix?: readonly string[]; readonly options?: readonly string[] }) {
    this.#prefix = prefix;
    this.#options = options;
    writeFileSync(this.log, "");
  }

  /** Writes a file of the configuration; LOG in it is the path of the log. */
  configure(name: string, text: string): void {
    const path = join(this.dir, "config", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.replaceAll("LOG", this.log));
  }

  /** Starts the daemon and waits until it answers. */
  async start(): Promise<void> {
    const argv = [
      ...this.#prefix,
      ...[process.execPath, BIN, "run", "--config", join(this.dir, "config"), "--state", join(this.dir, "state")],
      ...["--socket", join(this.dir, "f2b.sock"), "--log", this.banLog, ...this.#options],
    ];
    const [command = "", ...args] = argv;
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
    await this.until("the daemon answers", async () => {
      if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}:\n${this.#output}`);
      return (await this.ask("ping")).code === 0;
    });
  }

  /** Everything that daemons of this rig have written to their two outputs. */
  get output(): string {
    return this.#output;
  }

  get banLogText(): string {
    return existsSync(this.banLog) ? readFileSync(this.banLog, "utf8") : "";
  }

  append(...lines: readonly string[]): void {
    appendFileSync(this.log, lines.map((line) => `${line}\n`).join(""));
  }

  /** Runs a command line of the program against this daemon; in this process, which is quicker. */
  async ask(...argv: readonly string[]): Promise<Reply> {
    const double = createTerminalDouble();
    const code = await runCommandLine([...argv, "--socket", join(this.dir, "f2b.sock")], double.terminal);
    return { code, text: double.out().trimEnd() };
  }

  /** Sends a signal; for an ending one, waits and gives the exit code (null = killed). */
  async signal(name: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, "exit");
    child.kill(name);
    if (name === "SIGHUP") return null;
    await ended;
    return child.exitCode;
  }

  async until(what: string, condition: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 300; attempt++) {
      if (await condition()) return;
      await sleep(100);
    }
    throw new Error(`${what}: it never came to that\n${this.#output.slice(-4000)}`);
  }

  async destroy(): Promise<void> {
    await this.signal("SIGKILL");
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A failure, dated now, as the log of the jail in these tests has it. */
export function failure(id: string, at = Date.now()): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return `${local.toISOString().slice(0, 19).replace("T", " ")} bad login from ${id}`;
}
