/**
 * What fail2ban-client and fail2ban-regex have and this program has not, and what to do instead: a person who comes
 * from there is told so in a sentence, rather than that a word is unknown.
 */

/** A sentence for a command line that was refused as wrong usage; undefined where Fail2Ban has no such either. */
export function insteadOf(argv: readonly string[]): string | undefined {
  const [first = "", second = "", third] = argv;
  if (first.startsWith("-")) return OPTIONS.get(first) ?? "Options stand behind the command: fleet2ban status --json";
  switch (first) {
    case "set":
      return SERVER.get(second) ?? (third === undefined ? undefined : SETTINGS.get(third));
    case "get":
      return SERVER.get(second) ?? (third === undefined ? undefined : QUESTIONS.get(third));
    case "status":
      return third !== undefined && FLAVORS.includes(third) ? NO_FLAVORS : undefined;
    case "regex":
      return argv.map((word) => REGEX.get(word)).find((sentence) => sentence !== undefined);
    case "reload":
    case "stop":
      return second === "" ? undefined : WHOLE[first];
    default:
      return COMMANDS.get(first);
  }
}

const COMMANDS: ReadonlyMap<string, string> = new Map([
  ["start", "The daemon is started by fleet2ban run; a jail by enabled = true in jail.local, then fleet2ban reload."],
  ["restart", "fleet2ban reload reads the configuration again; for a new process: fleet2ban stop, then fleet2ban run."],
  ["add", "Write the jail into jail.local or jail.d/, then fleet2ban reload."],
  ["echo", "To see whether the daemon answers: fleet2ban ping"],
  ["flushlogs", "Nothing is to be flushed: the ban log is opened anew for each entry, and may be rotated at any time."],
]);

const WHOLE = {
  reload:
    "A reload takes no jail and no option: all jails are read again, and keep what they counted and whom they ban.",
  stop: "stop ends the daemon. One jail: fleet2ban set JAIL idle on, or enabled = false in jail.local and reload.",
} as const;

const FLAVORS: readonly string[] = ["basic", "short", "stats", "cymru"];
const NO_FLAVORS =
  "status has one form; --json has it for programs, get JAIL banip --with-time the times, and why IP the lines.";

const LOG_TARGET = "The daemon logs to standard output, and bans to run --log FILE as well; there are no levels.";
const STATE = "The state is kept in run --state DIR, and what can matter no more leaves it by itself.";

/** Settings of fail2ban's server itself: `set loglevel INFO`. */
const SERVER: ReadonlyMap<string, string> = new Map([
  ...["loglevel", "logtarget", "syslogsocket"].map((word) => [word, LOG_TARGET] as const),
  ...["dbfile", "dbpurgeage", "dbmaxmatches"].map((word) => [word, STATE] as const),
]);

const IN_FILES =
  "Options of a jail are changed in its files (jail.local): then fleet2ban reload, or cdk deploy for a stack.";

/** `set JAIL bantime 600`: what a jail is, is what its files say. */
const SETTINGS: ReadonlyMap<string, string> = new Map([
  ...[
    ...["ignoreself", "ignorecommand", "ignorecache", "addlogpath", "dellogpath", "logencoding", "findtime", "bantime"],
    ...["addjournalmatch", "deljournalmatch", "addfailregex", "delfailregex", "addignoreregex", "delignoreregex"],
    ...["datepattern", "usedns", "maxretry", "maxmatches", "maxlines", "addaction", "delaction", "action"],
  ].map((word) => [word, IN_FILES] as const),
  ["attempt", "To ban by hand: fleet2ban set JAIL banip IP. To see what a line counts for: fleet2ban regex LINE JAIL"],
]);

const ACTIONS = "fleet2ban get JAIL actions names them, and fleet2ban dump JAIL has them with their options.";

const QUESTIONS: ReadonlyMap<string, string> = new Map([
  [
    "banned",
    "fleet2ban get JAIL banip lists whom the jail bans, and fleet2ban banned IP the jails that ban an address.",
  ],
  ["ignorecache", "The cache of ignorecommand cannot be set: fleet2ban get JAIL ignorecommand"],
  ...["action", "actionproperties", "actionmethods"].map((word) => [word, ACTIONS] as const),
]);

const FOREGROUND = "fleet2ban run stays in the foreground, and a service manager starts, restarts and ends it.";

/** Options of fail2ban-client that are commands here, or nothing. */
const OPTIONS: ReadonlyMap<string, string> = new Map([
  ...["-t", "--test"].map((word) => [word, "To test a configuration: fleet2ban check"] as const),
  ...["-d", "--dp", "--dump-pretty"].map((word) => [word, "To print the configuration: fleet2ban dump"] as const),
  ...["-b", "-f", "-x", "-p", "--pidfile", "--pname", "--async"].map((word) => [word, FOREGROUND] as const),
  ...["--loglevel", "--logtarget", "--syslogsocket"].map((word) => [word, LOG_TARGET] as const),
  ["-i", "There is no interactive mode: each command is a call of its own."],
  ["--str2sec", "fleet2ban dump --json has every duration of the configuration in milliseconds."],
]);

const TRACEBACKS = "There are no tracebacks to show: --explain shows each line on its way, step by step.";

/** Options of fail2ban-regex. */
const REGEX: ReadonlyMap<string, string> = new Map(
  ["-t", "--log-traceback", "--full-traceback"].map((word) => [word, TRACEBACKS]),
);
