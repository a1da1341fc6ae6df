/**
 * Which log groups a jail reads in the cloud: those it names, or those the CloudWatch agent puts its files into.
 *
 * The agent's own default for a file is its path up to the last dot. Where that says nothing certain (a glob, a journal,
 * a dot in a folder's name), the jail has to say it; a guess would be a jail that never sees a line.
 */
import type { JailConfig } from "./model.ts";
import type { Problem } from "./problem.ts";

/**
 * Stands in place of a log group for jails that read our own ban log (recidive): their lines are made from the ban rows'
 * changes, so there is nothing to subscribe. No log group can have this name, for it has a space.
 */
export const BAN_LOG_GROUP = "ban log";

/** The ban log where nobody says otherwise, and Fail2Ban's: a jail written for it means our bans, now that we make them. */
const BAN_LOGS: ReadonlySet<string> = new Set(["/var/log/fleet2ban.log", "/var/log/fail2ban.log"]);

/** CloudWatch's own rule for names. */
const NAME = /^[-._/#A-Za-z0-9]{1,512}$/;

export type LogGroups =
  | { readonly kind: "groups"; readonly groups: readonly string[] }
  /** `next` of the problem says what to write. */
  | { readonly kind: "problem"; readonly problem: Problem };

/** The log groups of a jail, each once; `loggroup` may name several, separated by spaces or commas. */
export function logGroupsOf(jail: JailConfig): LogGroups {
  const named = (jail.logGroup ?? "").split(/[\s,]+/).filter((word) => word !== "");
  const wrong = named.find((name) => !isLogGroupName(name));
  if (wrong !== undefined) {
    const message = `loggroup = ${JSON.stringify(wrong)} is no name that a log group can have`;
    return refused(jail, "bad-value", message, "Write letters, digits and - _ / . # only, at most 512.");
  }
  if (named.length > 0) return { kind: "groups", groups: [...new Set(named)] };
  if (jail.backend.startsWith("systemd")) {
    return refused(
      jail,
      "no-logs",
      `backend = ${jail.backend} reads a host's journal, which is no log group`,
      WRITE_IT,
    );
  }
  if (jail.logs.length === 0) return refused(jail, "no-logs", "the jail has neither logpath nor loggroup", WRITE_IT);
  const groups = new Set<string>();
  for (const { path } of jail.logs) {
    const group = BAN_LOGS.has(path) ? BAN_LOG_GROUP : agentDefault(path);
    if (group === undefined) {
      return refused(jail, "no-logs", `logpath ${path} does not say which log group its lines are in`, WRITE_IT);
    }
    groups.add(group);
  }
  return { kind: "groups", groups: [...groups] };
}

/** Whether CloudWatch Logs takes the name. */
export function isLogGroupName(name: string): boolean {
  return NAME.test(name);
}

const WRITE_IT =
  "Write `loggroup = NAME` into the jail: the log group to which the CloudWatch agent sends these lines.";

/** The log group into which the agent itself puts a file's lines; undefined where that is not certain. */
export function agentDefault(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = path.lastIndexOf(".");
  const folderHasDot = dot >= 0 && dot < path.length - name.length;
  const group = dot < 0 ? path : path.slice(0, dot);
  const inFolder = group.length > path.length - name.length;
  return path.startsWith("/") && !folderHasDot && inFolder && isLogGroupName(group) ? group : undefined;
}

function refused(jail: JailConfig, code: Problem["code"], message: string, next: string): LogGroups {
  return { kind: "problem", problem: { code, severity: "error", jail: jail.name, place: jail.place, message, next } };
}
