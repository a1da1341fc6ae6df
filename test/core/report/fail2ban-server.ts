/** A real fail2ban-server of our own: its configuration, socket and database lie in a temporary folder, its actions do nothing. */
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Reply {
  readonly text: string;
  readonly code: number;
}

export class Fail2banServer {
  readonly dir = join(tmpdir(), `fleet2ban-oracle-${randomUUID()}`);

  /**
   * Writes the configuration around `jails` (the text of jail.conf; DIR in it is the folder) and empty logs of these names,
   * then starts the server.
   */
  start(jails: string, filters: Readonly<Record<string, string>>, logs: readonly string[]): void {
    mkdirSync(this.dir, { mode: 0o700 });
    const file = (name: string, text: string) => writeFileSync(join(this.dir, name), text.replaceAll("DIR", this.dir));
    for (const folder of ["filter.d", "action.d"]) mkdirSync(join(this.dir, folder));
    file(
      "fail2ban.conf",
      "[Definition]\nloglevel = INFO\nlogtarget = DIR/f2b.log\nsyslogsocket = auto\nsocket = DIR/f2b.sock\n" +
        "pidfile = DIR/f2b.pid\ndbfile = DIR/f2b.db\ndbpurgeage = 1d\ndbmaxmatches = 10\nallowipv6 = auto\n",
    );
    file("action.d/nothing.conf", "[Definition]\nactionban = true\nactionunban = true\n");
    for (const [name, text] of Object.entries(filters)) file(`filter.d/${name}.conf`, text);
    file("jail.conf", jails);
    for (const log of logs) file(log, "");
    execFileSync("fail2ban-client", ["-c", this.dir, "start"], { stdio: "ignore" });
  }

  /** What the client prints on standard output, without the last newline, and its exit code. */
  ask(...command: string[]): Reply {
    const { stdout, status } = spawnSync("fail2ban-client", ["-c", this.dir, ...command], { encoding: "utf8" });
    return { text: stdout.replace(/\n$/, ""), code: status ?? -1 };
  }

  /** Asks until the answer contains `part`; the server looks at its logs once a second or so. */
  async askUntil(part: string, ...command: string[]): Promise<Reply> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const reply = this.ask(...command);
      if (reply.text.includes(part)) return reply;
      await sleep(200);
    }
    throw new Error(`fail2ban never answered ${part} to ${command.join(" ")}`);
  }

  stop(): void {
    this.ask("stop");
    rmSync(this.dir, { recursive: true, force: true });
  }
}
