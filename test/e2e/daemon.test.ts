/** The daemon as a process: a log that grows, signals, a configuration that changes, and SIGKILL at any moment. */
import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { DaemonRig, failure } from "./daemon-rig.ts";

const JAIL = `[web]
enabled = true
filter =
failregex = bad login from <ADDR>$
usedns = no
logpath = LOG
maxretry = 3
findtime = 1h
bantime = 1h
ignoreip = 10.0.0.0/8
action = iptables-allports
`;

const rigs: DaemonRig[] = [];
function rig(jail = JAIL): DaemonRig {
  const made = new DaemonRig({ options: ["--dry-run"] });
  made.configure("jail.d/web.conf", jail);
  rigs.push(made);
  return made;
}
afterEach(async () => {
  for (const each of rigs.splice(0)) await each.destroy();
});

const times = (count: number, id: string) => Array.from({ length: count }, () => failure(id));
const totals = async (daemon: DaemonRig) => {
  const tree = (await daemon.ask("status", "web")).text;
  const figure = (name: string) => Number(new RegExp(`${name}:\\t(\\d+)`).exec(tree)?.[1]);
  return { failed: figure("Total failed"), banned: figure("Total banned"), current: figure("Currently banned") };
};

describe("the daemon", { timeout: 180_000 }, () => {
  it("bans from a log that grows, says what it would do, and ends cleanly at SIGTERM", async () => {
    const daemon = rig();
    await daemon.start();
    daemon.append(...times(3, "203.0.113.1"), ...times(2, "203.0.113.2"), ...times(9, "10.1.2.3"));
    await daemon.until("the ban", async () => (await daemon.ask("banned")).text === "[{'web': ['203.0.113.1']}]");
    expect(await totals(daemon)).toEqual({ failed: 5, banned: 1, current: 1 });
    expect(daemon.output).toMatch(/^would ban 203\.0\.113\.1 in web for \d+ s: tcp all ports reject at INPUT$/m);
    expect(daemon.banLogText).toMatch(/^\S+ \S+ fail2ban\.actions {8}\[\d+\]: NOTICE {2}\[web\] Ban 203\.0\.113\.1$/m);
    expect(await daemon.signal("SIGTERM")).toBe(0);
    expect(daemon.output).toContain("Exiting fleet2ban");
    expect(daemon.output).not.toContain("ERROR");
    expect((await daemon.ask("ping")).code).toBe(255);
  });

  it("obeys people, and their bans outlive it", async () => {
    const daemon = rig();
    await daemon.start();
    expect(await daemon.ask("set", "web", "banip", "203.0.113.9", "2001:db8::/32")).toEqual({ code: 0, text: "2" });
    expect(await daemon.ask("set", "web", "unbanip", "203.0.113.9")).toEqual({ code: 0, text: "1" });
    expect((await daemon.ask("set", "nope", "banip", "203.0.113.9")).code).toBe(255);
    expect(await daemon.ask("stop")).toEqual({ code: 0, text: "Shutdown successful" });
    await daemon.until("it ends", async () => (await daemon.ask("ping")).code === 255);
    await daemon.start();
    expect((await daemon.ask("get", "web", "banip")).text).toBe("2001:db8::/32");
    expect(daemon.banLogText).toMatch(/\[web\] Restore Ban 2001:db8::\/32\n$/);
  });

  it("reloads at SIGHUP, lets go who is ignored now, and refuses a broken configuration", async () => {
    const daemon = rig();
    await daemon.start();
    daemon.append(...times(3, "203.0.113.1"), ...times(3, "203.0.113.2"));
    await daemon.until("two bans", async () => (await totals(daemon)).current === 2);
    daemon.configure("jail.d/web.conf", JAIL.replace("ignoreip = ", "ignoreip = 203.0.113.1 "));
    await daemon.signal("SIGHUP");
    await daemon.until("one ban", async () => (await daemon.ask("get", "web", "banip")).text === "203.0.113.2");

    daemon.configure("jail.d/web.conf", JAIL.replace("maxretry = 3", "maxretry = three"));
    const refused = await daemon.ask("reload");
    expect(refused.code).toBe(255);
    expect(refused.text).toMatch(
      /^The new configuration is refused, the old one goes on:\njail\.d\/web\.conf:7: error: /,
    );
    daemon.append(...times(3, "203.0.113.3"));
    await daemon.until(
      "it still bans",
      async () => (await daemon.ask("get", "web", "banip")).text === "203.0.113.2 203.0.113.3",
    );

    daemon.configure("jail.d/web.conf", JAIL.replace("maxretry = 3", "maxretry = 1"));
    expect(await daemon.ask("reload")).toEqual({ code: 0, text: "OK" });
    daemon.append(failure("203.0.113.4"));
    await daemon.until("a stricter jail", async () =>
      (await daemon.ask("get", "web", "banip")).text.endsWith("203.0.113.4"),
    );
    expect((await totals(daemon)).failed).toBe(10);
  });

  it("counts over a restart, a rotation and what was written while it was down, and counts nothing twice", async () => {
    const daemon = rig();
    await daemon.start();
    daemon.append(failure("203.0.113.1"));
    await daemon.until("the first failure", async () => (await totals(daemon)).failed === 1);
    expect(await daemon.signal("SIGTERM")).toBe(0);
    daemon.append(failure("203.0.113.1"));
    renameSync(daemon.log, `${daemon.log}.1`);
    appendFileSync(`${daemon.log}.1`, "");
    writeFileSync(daemon.log, `${failure("203.0.113.1")}\n`);
    await daemon.start();
    await daemon.until("the ban", async () => (await totals(daemon)).banned === 1);
    expect(await totals(daemon)).toEqual({ failed: 3, banned: 1, current: 1 });
  });

  it("loses nothing and counts nothing twice, killed again and again while it works", async () => {
    const daemon = rig();
    const ids = Array.from({ length: 120 }, (_, index) => `198.51.100.${index + 1}`);
    let written = 0;
    for (let round = 0; round < 6; round++) {
      await daemon.start();
      const lines = ids.filter((_, index) => index % 6 === round).flatMap((id) => times(3, id));
      // Written in pieces, so that the kill falls between batches, and within one.
      for (let from = 0; from < lines.length; from += 5) {
        daemon.append(...lines.slice(from, from + 5));
        await sleep(1);
      }
      written += lines.length;
      await sleep(40 * round);
      await daemon.signal("SIGKILL");
    }
    await daemon.start();
    await daemon.until("everything is counted", async () => (await totals(daemon)).current >= ids.length);
    expect(await totals(daemon)).toEqual({ failed: written, banned: ids.length, current: ids.length });
    expect((await daemon.ask("get", "web", "banip")).text.split(" ").sort()).toEqual([...ids].sort());
  });

  it("will not be started twice", async () => {
    const daemon = rig();
    await daemon.start();
    const second = new DaemonRig({
      options: ["--dry-run", "--state", `${daemon.dir}/state`, "--socket", `${daemon.dir}/other.sock`],
    });
    rigs.push(second);
    second.configure("jail.d/web.conf", JAIL);
    await expect(second.start()).rejects.toThrow(/ended with 255[\s\S]*state/);
    expect((await daemon.ask("ping")).code).toBe(0);
  });

  it("reads what there is and ends, with --once", async () => {
    const daemon = new DaemonRig({ options: ["--dry-run", "--once"] });
    rigs.push(daemon);
    daemon.configure("jail.d/web.conf", JAIL);
    daemon.append(...times(3, "203.0.113.1"));
    await daemon.start();
    await daemon.until("it ends by itself", async () => (await daemon.ask("ping")).code === 255);
    expect(daemon.output).toMatch(/^would ban 203\.0\.113\.1 /m);
  });
});
