/**
 * Where the exact window and Fail2Ban's estimate part: the examples of the decision record, checked on both sides. Fail2Ban keeps one
 * number per id and scales it with the time that has passed, so it can ban too early and too late.
 */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { decide, EMPTY_WINDOW, record, type Window } from "../../../shared/core/detect/window.ts";
import { available } from "../../support/require.ts";

const FINDTIME = 600;
const burst = Array.from({ length: 19 }, (_, n) => 580 + n);

const cases = [
  { name: "three within findtime", at: [0, 100, 200], maxretry: 3, ours: true, theirs: true },
  { name: "two, then silence", at: [0, 100, 1300], maxretry: 3, ours: false, theirs: false },
  { name: "0, 500 and 700: no ten minutes hold three", at: [0, 500, 700], maxretry: 3, ours: false, theirs: true },
  { name: "a burst after one early failure", at: [0, ...burst, 1100, 1101], maxretry: 21, ours: true, theirs: false },
  { name: "exactly findtime apart", at: [0, 300, 600], maxretry: 3, ours: false, theirs: true },
] as const;

const verdict = ({ at, maxretry }: { readonly at: readonly number[]; readonly maxretry: number }) => {
  const policy = { maxretry, findtime: FINDTIME, maxmatches: 0 };
  let window: Window = EMPTY_WINDOW;
  return at.some((time) => {
    window = record(window, [{ at: time, identity: `e${time}`, stream: "s", line: undefined }], policy);
    return decide(window, policy).kind === "ban";
  });
};

describe("the exact window", () => {
  it.each(cases)("$name: $ours", (each) => expect(verdict(each)).toBe(each.ours));
});

describe.skipIf(!available(["python3", "fail2ban-client"]))("the installed Fail2Ban's estimate", () => {
  it.each(cases)("$name: $theirs", ({ at, maxretry, theirs }) => {
    const script = `
import json, logging, sys
logging.disable(logging.CRITICAL)
from fail2ban.server.failmanager import FailManager, FailManagerEmpty
from fail2ban.server.ticket import FailTicket
from fail2ban.server.ipdns import IPAddr
manager = FailManager()
manager.setMaxRetry(${maxretry})
manager.setMaxTime(${FINDTIME})
banned = False
for at in ${JSON.stringify(at)}:
    manager.addFailure(FailTicket(IPAddr("192.0.2.1"), 1700000000 + at, []))
    try:
        manager.toBan()
        banned = True
    except FailManagerEmpty:
        pass
print(json.dumps(banned))
`;
    const output = execFileSync("/usr/bin/python3", ["-c", script], { encoding: "utf8" });
    expect(JSON.parse(output)).toBe(theirs);
  });
});
