import { describe, expect, it } from "vitest";
import { BAN_LOG_GROUP, isLogGroupName, logGroupsOf } from "../../../shared/core/config/log-groups.ts";
import { type JailSketch, jailOf } from "../../support/jail.ts";

const logs = (...paths: string[]): JailSketch => ({ logs: paths.map((path) => ({ path, from: "head" })) });

describe("the log groups of a jail", () => {
  it.each([
    {
      name: "the agent's default: up to the last dot",
      jail: logs("/var/log/haproxy.log"),
      groups: ["/var/log/haproxy"],
    },
    { name: "only the last dot", jail: logs("/tmp/a.log.2017-07-11"), groups: ["/tmp/a.log"] },
    { name: "no dot at all", jail: logs("/var/log/syslog"), groups: ["/var/log/syslog"] },
    { name: "several files", jail: logs("/var/log/a.log", "/var/log/b.log"), groups: ["/var/log/a", "/var/log/b"] },
    { name: "the same group twice", jail: logs("/var/log/a.log", "/var/log/a.txt"), groups: ["/var/log/a"] },
    { name: "what the jail names", jail: { ...logs("/var/log/*.log"), logGroup: "lb" }, groups: ["lb"] },
    { name: "several that the jail names", jail: { logGroup: "/lb/a, /lb/b\n/lb/a" }, groups: ["/lb/a", "/lb/b"] },
    { name: "a journal with a name", jail: { backend: "systemd", logGroup: "journal" }, groups: ["journal"] },
    { name: "our own bans", jail: logs("/var/log/fleet2ban.log"), groups: [BAN_LOG_GROUP] },
    { name: "Fail2Ban's log, which is ours now", jail: logs("/var/log/fail2ban.log"), groups: [BAN_LOG_GROUP] },
  ])("$name", ({ jail, groups }) => {
    expect(logGroupsOf(jailOf(jail))).toEqual({ kind: "groups", groups });
  });

  const missing = /loggroup = NAME/;
  it.each([
    {
      name: "a glob",
      jail: logs("/var/log/haproxy*.log"),
      message: "logpath /var/log/haproxy*.log does not say",
      next: missing,
    },
    {
      name: "a dot in a folder's name",
      jail: logs("/var/log.d/syslog"),
      message: "logpath /var/log.d/syslog",
      next: missing,
    },
    { name: "a hidden file", jail: logs("/var/log/.log"), message: "logpath /var/log/.log", next: missing },
    { name: "a relative path", jail: logs("haproxy.log"), message: "logpath haproxy.log", next: missing },
    {
      name: "a letter that no name has",
      jail: logs("/var/log/a+b.log"),
      message: "logpath /var/log/a+b.log",
      next: missing,
    },
    {
      name: "a journal",
      jail: { backend: "systemd" },
      message: "backend = systemd reads a host's journal",
      next: missing,
    },
    { name: "nothing", jail: {}, message: "neither logpath nor loggroup", next: missing },
    {
      name: "a name that cannot be",
      jail: { logGroup: "a:b" },
      message: 'loggroup = "a:b" is no name',
      next: /letters, digits/,
    },
  ])("says what is missing: $name", ({ jail, message, next }) => {
    const outcome = logGroupsOf(jailOf({ name: "j", ...jail }));
    expect(outcome).toMatchObject({ kind: "problem", problem: { jail: "j", severity: "error", place: { line: 1 } } });
    if (outcome.kind !== "problem") return;
    expect(outcome.problem.message).toContain(message);
    expect(outcome.problem.next).toMatch(next);
  });

  it("has no log group by the name that stands for our own bans", () => {
    expect(isLogGroupName(BAN_LOG_GROUP)).toBe(false);
  });
});
