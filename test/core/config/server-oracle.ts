/** Fail2Ban's server as the judge: what its jails hold once its client has sent them a configuration. */
import { execFileSync } from "node:child_process";

/** One jail as the server has it; times in seconds. */
export interface ServedJail {
  readonly maxretry: number;
  readonly findtime: number;
  readonly bantime: number;
  readonly maxmatches: number;
  readonly maxlines: number;
  readonly usedns: string;
  readonly ignoreself: boolean;
  readonly ignorecommand: string | null;
  readonly logtimezone: string | null;
  readonly prefregex: boolean;
  readonly failregex: number;
  readonly ignoreregex: number;
  readonly actions: readonly string[];
  /** Name in the directory and whether its end is where reading begins. */
  readonly logs: readonly (readonly [string, boolean])[];
  /** Which of the probes the jail leaves alone. */
  readonly ignored: readonly string[];
  /** How long the second, third … ban lasts; null = bantime.increment is off. */
  readonly lengths: readonly number[] | null;
}

/** Jails by name, or what the client or the server stumbled over: "set j bantime: ValueError". */
export type Served = { readonly jails: Readonly<Record<string, ServedJail>> } | { readonly error: string };

/** Has the client read each configuration, from its directory, and the server take in all its commands. */
export function serve(directories: readonly string[], probes: readonly string[]): Served[] {
  const answer = execFileSync("/usr/bin/python3", ["-c", SCRIPT], {
    input: JSON.stringify({ directories, probes }),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["pipe", "pipe", "inherit"],
  });
  return JSON.parse(answer) as Served[];
}

const SCRIPT = `
import json, logging, os, signal, sys, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from fail2ban.client.configurator import Configurator
from fail2ban.server.jail import Jail
from fail2ban.server.server import Server
from fail2ban.server.ipdns import DNSUtils, IPAddr
from fail2ban.server.transmitter import Transmitter

# Names are for the resolver, which has no part in this.
DNSUtils.dnsToIp = staticmethod(lambda name: set())
given = json.load(sys.stdin)
# A jail without a database would do without bantime.increment.
Jail.database = property(lambda self: None, lambda self, value: None)

class Ban:
    def __init__(self, time, count):
        self.Time, self.Count = time, count

def listed(filter, probe):
    command, filter.ignoreCommand = filter.ignoreCommand, ""
    try:
        return filter.inIgnoreIPList(probe, False)
    finally:
        filter.ignoreCommand = command

def served(jail):
    filter, extra, bantime = jail.filter, jail.getBanTimeExtra(), jail.actions.getBanTime()
    return {
        "maxretry": filter.getMaxRetry(), "findtime": filter.getFindTime(), "bantime": bantime,
        "maxmatches": filter.failManager.maxMatches, "maxlines": filter.getMaxLines(),
        "usedns": filter.getUseDns(), "ignoreself": filter.ignoreSelf, "ignorecommand": filter.ignoreCommand or None,
        "logtimezone": filter.getLogTimeZone() or None,
        "prefregex": bool(filter.prefRegex),
        "failregex": len(filter.getFailRegex()), "ignoreregex": len(filter.getIgnoreRegex()),
        "actions": list(jail.actions),
        "logs": [] if not hasattr(filter, "getLogs") else
            sorted([p, p not in filter._FileFilter__autoSeek] for p in filter.getLogPaths()),
        # The list alone: a command of the jail's is not run.
        "ignored": [p for p in given["probes"] if listed(filter, p)],
        "lengths": [extra["evformula"](Ban(bantime, n)) for n in range(1, 9)] if extra.get("increment") else None,
    }

def run(directory):
    os.chdir(directory)
    configurator = Configurator()
    configurator.setBaseDir(directory)
    configurator.readAll()
    configurator.getOptions()
    configurator.convertToProtocol(allow_no_files=True)
    server = Server(False)
    transmitter = Transmitter(server)
    for command in configurator.getConfigStream():
        # Without start no thread runs; the general settings are not of a jail.
        if command[0] in ("start", "config-error") or command[0] == "set" and len(command) < 4:
            continue
        code, answer = transmitter.proceed(command)
        if code:
            return {"error": "%s: %s" % (" ".join(str(c)[:30] for c in command[:4]), answer if isinstance(answer, str) else repr(answer))}
    jails = server._Server__jails
    return {"jails": {name: served(jails[name]) for name in jails}}

def too_slow(*_):
    raise TimeoutError

signal.signal(signal.SIGALRM, too_slow)

def attempt(directory):
    signal.setitimer(signal.ITIMER_REAL, 5)
    try:
        return run(directory)
    except BaseException as e:
        return {"error": "%s: %s" % (type(e).__name__, e)}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)

json.dump([attempt(d) for d in given["directories"]], sys.stdout)
`;
