import { describe, expect, it } from "vitest";
import { formatLogLine, type Happening, recordOf } from "../../../shared/core/report/log-line.ts";
import { formatAsctime, formatDuration, formatLogTime, formatTime } from "../../../shared/core/report/time-text.ts";

const utc = () => 0;
const at = Date.UTC(2026, 10, 22, 17, 36, 0, 427);
const since = at - 60_000;

describe("a line of the ban log", () => {
  it.each<{ happening: Happening; line: string }>([
    {
      happening: { kind: "found", jail: "sshd", id: "192.0.2.7", at: since },
      line: "fail2ban.filter         [11829]: INFO    [sshd] Found 192.0.2.7 - 2026-11-22 17:35:00",
    },
    {
      happening: { kind: "ignored", jail: "sshd", id: "192.0.2.7", by: "ignoreip" },
      line: "fail2ban.filter         [11829]: INFO    [sshd] Ignore 192.0.2.7 by ignoreip",
    },
    {
      happening: { kind: "ban", jail: "sshd", id: "192.0.2.7" },
      line: "fail2ban.actions        [11829]: NOTICE  [sshd] Ban 192.0.2.7",
    },
    {
      happening: { kind: "restore", jail: "sshd", id: "2001:db8::1" },
      line: "fail2ban.actions        [11829]: NOTICE  [sshd] Restore Ban 2001:db8::1",
    },
    {
      happening: { kind: "increase", jail: "sshd", id: "192.0.2.7", count: 2, since, bantime: 1_200_000 },
      line: "fail2ban.actions        [11829]: NOTICE  [sshd] Increase Ban 192.0.2.7 (2 # 20m -> 2026-11-22 17:55:00)",
    },
    {
      happening: { kind: "increase", jail: "sshd", id: "192.0.2.7", count: 9, since, bantime: "permanent" },
      line: "fail2ban.actions        [11829]: NOTICE  [sshd] Increase Ban 192.0.2.7 (9 # permanent -> infinite)",
    },
    {
      happening: { kind: "unban", jail: "sshd", id: "192.0.2.7" },
      line: "fail2ban.actions        [11829]: NOTICE  [sshd] Unban 192.0.2.7",
    },
  ])("$happening.kind", ({ happening, line }) =>
    expect(formatLogLine(recordOf(happening, at, utc), 11829, utc)).toBe(`2026-11-22 17:36:00,427 ${line}`),
  );
});

describe("times", () => {
  const kolkata = () => 330;
  it.each([
    { text: formatTime(at, kolkata), expected: "2026-11-22 23:06:00" },
    { text: formatLogTime(at, kolkata), expected: "2026-11-22 23:06:00,427" },
    { text: formatAsctime(Date.UTC(2026, 0, 1, 22), kolkata), expected: "Fri Jan 02 03:30:00 2026" },
    { text: formatTime(Date.UTC(2026, 0, 1), () => -60), expected: "2025-12-31 23:00:00" },
  ])("$expected", ({ text, expected }) => expect(text).toBe(expected));

  it.each([
    [72_000_000, "20h"],
    [129_600_000, "1d 12h"],
    [604_800_000, "1w"],
    [90_000, "1m 30s"],
    [400, "0s"],
  ])("%d ms is %s", (duration, text) => expect(formatDuration(duration)).toBe(text));
});
