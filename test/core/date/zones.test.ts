import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { ZONE_OFFSETS, zoneOffset } from "../../../shared/core/date/zones.ts";
import { hasFail2Ban } from "./fail2ban.ts";

describe("a zone", () => {
  it.each([
    ["UTC", 0],
    ["GMT", 0],
    ["Z", 0],
    ["", 0],
    ["CET", 60],
    ["CEST", 120],
    ["CST", -360],
    ["NST", -210],
    ["NPT", 345],
    ["ChST", undefined],
    ["+02", 120],
    ["+0200", 120],
    ["-03:30", -210],
    ["-0030", -30],
    ["UTC+0100", 60],
    ["CET+0100", 120],
    ["EST-01", -360],
    ["A", 60],
    ["M", 720],
    ["Y", -720],
    ["J", undefined],
    ["IST", undefined],
    ["cet", undefined],
    ["+2500", undefined],
    ["+1", undefined],
    ["Europe/Berlin", undefined],
    ["UTC ", undefined],
  ])("%j is %j minutes east", (text, minutes) => expect(zoneOffset(text)).toBe(minutes));

  it.skipIf(!hasFail2Ban)("means what it means to Fail2Ban, all 222 abbreviations", () => {
    const code =
      "import json;from fail2ban.server.strptime import TZ_ABBR_OFFS as t;print(json.dumps({k:t[k] for k in t if k}))";
    const theirs = JSON.parse(execFileSync("/usr/bin/python3", ["-c", code], { encoding: "utf8" })) as object;
    expect(Object.fromEntries(ZONE_OFFSETS)).toEqual(theirs);
    expect(ZONE_OFFSETS.size).toBe(222);
  });
});
