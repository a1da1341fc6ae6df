/** Names that nothing reads: which are pointed at, and which are left in peace. */
import { describe, expect, it } from "vitest";
import { compile, told, tree } from "./compile.ts";

describe("a name that nothing reads", () => {
  it.each([
    {
      name: "a slip in a jail",
      lines: "maxretires = 4",
      expected: "warning unknown-option jail.local:6 j",
      next: "Did you mean maxretry?",
    },
    {
      name: "an option of nobody",
      lines: "colour = red",
      expected: "warning unknown-option jail.local:6 j",
      next: "Take it out",
    },
    {
      name: "a slip in [DEFAULT]",
      lines: "[DEFAULT]\nfindtme = 4",
      expected: "warning unknown-option jail.local:7",
      next: "findtime",
    },
    {
      name: "a dot that is missing",
      lines: "bantimeincrement = 1",
      expected: "warning unknown-option jail.local:6 j",
      next: "bantime.increment",
    },
    {
      name: "[default]",
      lines: "[default]\nfindtime = 4",
      expected: "warning unknown-section jail.local:6",
      next: "[DEFAULT]",
    },
    {
      name: "a slip in a filter",
      more: "failregx = a",
      expected: "warning unknown-option filter.d/f.local:2",
      next: "failregex",
    },
    {
      name: "a slip in a filter's section",
      more: "[Defintion]\nx = a",
      expected: "warning unknown-section filter.d/f.local:2",
      next: "[Definition]",
    },
    {
      name: "a slip in enabled",
      lines: "[k]\nenabled = treu",
      expected: "warning bad-value jail.local:7 k",
      next: "true or false",
    },
  ])("$name", ({ lines = "", more, expected, next }) => {
    const compiled = compile(tree(lines, more === undefined ? {} : { "filter.d/f.local": `[Definition]\n${more}\n` }));
    expect(told(compiled)).toEqual([expected]);
    expect(compiled.problems[0]?.next).toContain(next);
    expect(compiled.jails).toHaveLength(1);
  });

  it.each([
    { name: "what others refer to", lines: "mine = 1\nfindtime = %(mine)s" },
    { name: "what is customary", lines: "port = http\nmta = mail\ndestemail = x" },
    { name: "what [DEFAULT] holds for others", lines: "[DEFAULT]\nsyslog_mail = /var/log/mail.log" },
    { name: "what a filter holds for its tags", lines: "", more: "failregexp = a\nfailregex = <failregexp>" },
    { name: "jails that are not enabled", lines: "[k]\nmaxretires = 3" },
  ])("is not $name", ({ lines, more }) => {
    expect(
      told(compile(tree(lines, more === undefined ? {} : { "filter.d/f.local": `[Definition]\n${more}\n` }))),
    ).toEqual([]);
  });
});
