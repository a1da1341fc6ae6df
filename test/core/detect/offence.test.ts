import { describe, expect, it } from "vitest";
import { keyText, parseKey } from "../../../shared/core/detect/key.ts";
import {
  forgetOffenceAt,
  isSettled,
  noteBan,
  type Offence,
  pardonOffence,
  previousBans,
} from "../../../shared/core/detect/offence.ts";
import { sampleBan, target } from "../../contracts/samples.ts";

const HOUR = 3_600_000;
const offence: Offence = {
  jail: "web",
  id: target("192.0.2.1"),
  count: 2,
  since: 1_000,
  until: 2_000,
  generation: 1_000,
};

describe("an offence", () => {
  it.each([
    { name: "counts later bans", since: 3_000, generation: 3_000, count: 3 },
    { name: "knows a ban it has counted", since: 1_000, generation: 1_000, count: 2 },
    { name: "counts a ban that was prolonged once", since: 1_000, generation: 1_001, count: 2 },
    { name: "leaves out an older ban", since: 900, generation: 999, count: 2 },
  ])("$name", ({ since, generation, count }) =>
    expect(noteBan(offence, sampleBan({ since, generation })).count).toBe(count),
  );

  it.each([
    { name: "in its jail", overalljails: false, expected: 2 },
    { name: "in all jails", overalljails: true, expected: 5 },
  ])("adds up $name", ({ overalljails, expected }) =>
    expect(previousBans([offence, { ...offence, jail: "ssh", count: 3 }], "web", overalljails)).toBe(expected),
  );

  it("begins anew after a pardon", () => {
    const pardoned = pardonOffence(offence, 1_500);
    expect(noteBan(pardoned, sampleBan({ generation: 3_000 })).count).toBe(1);
    expect(noteBan(pardoned, sampleBan({ generation: 1_000 }))).toBe(pardoned);
  });

  it.each([
    { name: "before the ban's end", until: 2_000, at: 1_999, expected: true },
    { name: "at the ban's end", until: 2_000, at: 2_000, expected: false },
    { name: "after a permanent ban that is gone", until: undefined, at: 1_500, expected: false },
  ])("settles a failure $name: $expected", ({ until, at, expected }) =>
    expect(isSettled({ ...offence, until }, at)).toBe(expected),
  );

  it.each([
    { name: "a day after a short ban", until: 1_000 + HOUR, expected: 1_000 + 24 * HOUR },
    { name: "three bantimes after a long one", until: 1_000 + 10 * HOUR, expected: 1_000 + 30 * HOUR },
    { name: "never while the ban is permanent", until: undefined, expected: undefined },
  ])("is forgotten $name", ({ until, expected }) => expect(forgetOffenceAt({ ...offence, until })).toBe(expected));
});

describe("a key", () => {
  it.each(["web", "a#b", "#", "#x#"])("of jail %j reads back", (jail) => {
    const key = { jail, id: target("2001:db8::/32") };
    expect(parseKey(keyText(key))).toEqual(key);
  });
});
