import { describe, expect, it } from "vitest";
import { eventTime } from "../../../shared/core/date/policy.ts";

const NOW = Date.UTC(2026, 10, 22, 12);
const FINDTIME = 600_000;
const at = (instant: number) => ({ kind: "at", at: instant });
const dropped = (reason: string) => ({ kind: "dropped", reason });

describe("in operation", () => {
  it.each([
    { name: "a date counts", found: NOW - 5_000, expected: at(NOW - 5_000) },
    { name: "a date of just now counts", found: NOW, expected: at(NOW) },
    { name: "a date 60 s old counts", found: NOW - 60_000, expected: at(NOW - 60_000) },
    { name: "a date 60.999 s old counts", found: NOW - 60_999, expected: at(NOW - 60_999) },
    { name: "a date 61 s old is replaced by the receipt", found: NOW - 61_000, expected: at(NOW) },
    { name: "a date years old is replaced", found: 0, expected: at(NOW) },
    { name: "a date ahead is held back", found: NOW + 30_000, expected: at(NOW) },
    { name: "a date far ahead is replaced", found: NOW + 7_200_000, expected: at(NOW) },
    { name: "no date is the receipt", found: undefined, expected: at(NOW) },
  ])("$name", ({ found, expected }) => {
    expect(eventTime(found, { at: NOW }, FINDTIME)).toEqual(expected);
    expect(eventTime(found, { at: NOW, catchUp: false }, FINDTIME)).toEqual(expected);
  });
});

describe("while catching up", () => {
  it.each([
    { name: "an old date counts", found: NOW - 500_000, expected: at(NOW - 500_000) },
    { name: "a date exactly findtime old counts", found: NOW - FINDTIME, expected: at(NOW - FINDTIME) },
    { name: "an older one is dropped", found: NOW - FINDTIME - 1, expected: dropped("older-than-findtime") },
    { name: "a date ahead is held back", found: NOW + 7_200_000, expected: at(NOW) },
    { name: "no date is dropped", found: undefined, expected: dropped("undated") },
  ])("$name", ({ found, expected }) => {
    expect(eventTime(found, { at: NOW, catchUp: true }, FINDTIME)).toEqual(expected);
  });
});
