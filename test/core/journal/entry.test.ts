import { describe, expect, it } from "vitest";
import { parseJournalEntry } from "../../../shared/core/journal/entry.ts";

const ENTRY = {
  __CURSOR: "s=1;i=2",
  __REALTIME_TIMESTAMP: "1763160311999999",
  _HOSTNAME: "srv",
  SYSLOG_IDENTIFIER: "sshd",
  _PID: "17",
  MESSAGE: "Failed password",
};
const lineOf = (fields: Readonly<Record<string, unknown>>) => parseJournalEntry(JSON.stringify(fields))?.line;

describe("the line of an entry", () => {
  it.each<{ name: string; fields: Readonly<Record<string, unknown>>; line: string }>([
    { name: "host, identifier, process, message", fields: {}, line: "srv sshd[17]: Failed password" },
    { name: "the syslog's own process id first", fields: { SYSLOG_PID: "18" }, line: "srv sshd[18]: Failed password" },
    {
      name: "the command's name where there is no identifier",
      fields: { SYSLOG_IDENTIFIER: undefined, _COMM: "sshd-session" },
      line: "srv sshd-session[17]: Failed password",
    },
    { name: "no process id", fields: { _PID: undefined }, line: "srv sshd: Failed password" },
    { name: "no origin at all", fields: { SYSLOG_IDENTIFIER: "", _HOSTNAME: undefined }, line: "Failed password" },
    {
      name: "the kernel's own time",
      fields: { SYSLOG_IDENTIFIER: "kernel", _PID: undefined, _SOURCE_MONOTONIC_TIMESTAMP: "12345678" },
      line: "srv kernel: [   12.345678] Failed password",
    },
    { name: "line ends as two characters", fields: { MESSAGE: "a\nb" }, line: "srv sshd[17]: a\\nb" },
    { name: "bytes that are no UTF-8", fields: { MESSAGE: [97, 255, 98] }, line: "srv sshd[17]: a\ufffdb" },
    { name: "several messages", fields: { MESSAGE: ["a", [98], "c"] }, line: "srv sshd[17]: a b c" },
    { name: "a message that was too long to export", fields: { MESSAGE: null }, line: "srv sshd[17]: " },
  ])("has $name", ({ fields, line }) => expect(lineOf({ ...ENTRY, ...fields })).toBe(line));

  it("is the same in what the CloudWatch agent exports", () => {
    expect(lineOf({ body: ENTRY, resource: { host: "x" }, severity_number: 9 })).toBe(lineOf(ENTRY));
  });
});

describe("an entry", () => {
  it("knows where and when", () => {
    const entry = parseJournalEntry(JSON.stringify({ ...ENTRY, _SOURCE_REALTIME_TIMESTAMP: "1763160310000000" }))!;
    expect([entry.cursor, entry.at]).toEqual(["s=1;i=2", 1_763_160_310_000]);
    expect(parseJournalEntry(JSON.stringify(ENTRY))!.at).toBe(1_763_160_311_999);
    expect(parseJournalEntry(JSON.stringify({ MESSAGE: "x", _PID: 3 }))).toMatchObject({ at: undefined });
  });

  it.each(["", "text", "{", "[]", "null", '{"MESSAGE":"x"}', '{"_PID":"1"}', '{"body":"x","_PID":"1"}'])(
    "is not %s",
    (text) => expect(parseJournalEntry(text)).toBeUndefined(),
  );
});
