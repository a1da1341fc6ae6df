/**
 * Debian's rsyslog in a host's namespace: what HAProxy sends by UDP becomes lines of files, as on a real host.
 *
 * It has a configuration, a process id file and a work directory of its own, and only the UDP input: the machine's own
 * /dev/log, /var/log and /run are not touched.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Namespace } from "../test/support/netns.ts";

/** How lines begin: with ISO dates, as in Debian since 12, or as in Debian before and in Ubuntu. */
export type LineFormat = "RSYSLOG_FileFormat" | "RSYSLOG_TraditionalFileFormat";

/** Its socket's line in /proc/net/udp, which has ports in hexadecimal digits; the last number counts what did not fit into it. */
const SOCKET = /:0202 .* (\d+) *$/m;
/** How long it may take to start on a busy machine, ms. */
const PATIENCE = 30_000;

export interface Syslog {
  /** Datagrams that came faster than they were read: lines that no file has. */
  lost(): number;
}

/** Starts it and waits until it listens at 127.0.0.1:514. Each file gets every line of HAProxy. Throws where it does not start. */
export async function startSyslog(
  namespace: Namespace,
  folder: string,
  files: readonly string[],
  format: LineFormat,
): Promise<Syslog> {
  const own = join(folder, "rsyslog");
  mkdirSync(own);
  // There from the start, as after logrotate: rsyslog itself makes them with the first line.
  for (const each of files) writeFileSync(each, "");
  const file = join(own, "rsyslog.conf");
  writeFileSync(file, configuration(own, files, format));
  const daemon = namespace.start(["rsyslogd", "-n", "-f", file, "-i", join(own, "rsyslogd.pid")], {
    env: { TZ: "UTC" },
  });
  daemon.stdout?.resume();
  const socket = () => SOCKET.exec(namespace.must(["cat", "/proc/net/udp"]));
  for (const end = Date.now() + PATIENCE; socket() === null; ) {
    if (daemon.exitCode !== null) throw new Error(`rsyslogd in ${namespace.name} ended with ${daemon.exitCode}`);
    if (Date.now() > end) throw new Error(`rsyslogd does not listen in ${namespace.name} after ${PATIENCE} ms`);
    await sleep(50);
  }
  return { lost: () => Number(socket()?.[1]) };
}

/** The rule for HAProxy is that of Debian's package; the size of a message is rsyslog's own default, which cuts longer ones. */
function configuration(folder: string, files: readonly string[], format: LineFormat): string {
  return `global(workDirectory="${folder}" maxMessageSize="8k")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="514")
module(load="builtin:omfile" template="${format}")
:programname, startswith, "haproxy" {
${files.map((file) => `  action(type="omfile" file="${file}")`).join("\n")}
  stop
}
`;
}
