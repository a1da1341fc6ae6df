/** Debian's rsyslog in a namespace: HAProxy's datagrams become the lines of files, and nothing else of the machine is touched. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startSyslog } from "../../rig/syslog.ts";
import { createNetwork, type Network } from "../support/netns.ts";
import { available } from "../support/require.ts";

/** Sends each argument as a datagram. */
const SEND = `
const socket = require("node:dgram").createSocket("udp4");
const texts = process.argv.slice(1);
const next = () => texts.length === 0 ? socket.close() : socket.send(texts.shift(), 514, "127.0.0.1", next);
next();`;

describe.skipIf(!available(["ip", "rsyslogd"], { root: true }))("rsyslog in a namespace", { timeout: 60_000 }, () => {
  let net: Network;
  let folder: string;
  beforeEach(() => {
    net = createNetwork({ clients: 0 });
    folder = mkdtempSync(join(tmpdir(), "fleet2ban-syslog-"));
  });
  afterEach(() => {
    net.destroy();
    rmSync(folder, { recursive: true, force: true });
  });
  const send = (...texts: readonly string[]) => net.host.must([process.execPath, "-e", SEND, ...texts]);
  const linesOf = (file: string) => readFileSync(file, "utf8").split("\n").slice(0, -1);
  const MESSAGE = "<134>Nov 22 23:58:15 web-1 haproxy[17]: 192.0.2.1:5 one";

  it.each([
    ["RSYSLOG_FileFormat", /^\d{4}-11-22T23:58:15\+00:00 web-1 haproxy\[17\]: 192\.0\.2\.1:5 one$/],
    ["RSYSLOG_TraditionalFileFormat", /^Nov 22 23:58:15 web-1 haproxy\[17\]: 192\.0\.2\.1:5 one$/],
  ] as const)("writes %s into each file", async (format, line) => {
    const files = ["a.log", "b.log"].map((name) => join(folder, name));
    const before = readdirSync("/var/log");
    await startSyslog(net.host, folder, files, format);
    expect(files.map(linesOf)).toEqual([[], []]);
    send(MESSAGE, "<134>Nov 22 23:58:15 web-1 sshd[17]: not for us");
    send(MESSAGE);
    await vi.waitFor(() => expect(linesOf(files[0]!)).toHaveLength(2), 20_000);
    for (const file of files) for (const written of linesOf(file)) expect(written).toMatch(line);
    expect(readdirSync("/var/log")).toEqual(before);
  });

  it("knows how many datagrams it could not take", async () => {
    const syslog = await startSyslog(net.host, folder, [join(folder, "a.log")], "RSYSLOG_FileFormat");
    send(MESSAGE);
    expect(syslog.lost()).toBe(0);
    // Stopped, it reads nothing, and its buffer is full some time.
    const pid = readFileSync(join(folder, "rsyslog", "rsyslogd.pid"), "utf8").trim();
    net.host.must(["kill", "-STOP", pid]);
    send(...Array.from({ length: 500 }, () => `${MESSAGE}${"x".repeat(4_000)}`));
    expect(syslog.lost()).toBeGreaterThan(0);
  });

  it("cuts a message at 8 KiB, and keeps its begin", async () => {
    const file = join(folder, "a.log");
    await startSyslog(net.host, folder, [file], "RSYSLOG_TraditionalFileFormat");
    send(`${MESSAGE}${"x".repeat(12_000)}`);
    await vi.waitFor(() => expect(linesOf(file)).toHaveLength(1), 20_000);
    const [line = ""] = linesOf(file);
    expect(line).toMatch(/^Nov 22 23:58:15 web-1 haproxy\[17\]: 192\.0\.2\.1:5 onex+$/);
    expect(line.length).toBe(8_192 - "<134>".length);
  });
});
