/** `fleet2ban regex` on filters with connections, next to fail2ban-regex on its own sample logs. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommandLine } from "../../cli/main.ts";
import { findInstallation } from "../../compat/corpus.ts";
import { parseIp } from "../../shared/core/address.ts";
import { createExplainer } from "../../shared/core/filter/explain.ts";
import { CONNECTIONS } from "../core/filter/connection-filters.ts";
import { matcherOf } from "../core/filter/follow.ts";
import { available } from "../support/require.ts";
import { createTerminalDouble } from "./terminal-double.ts";

describe.skipIf(!available(["fail2ban-regex", "python3"]))("regex on a filter with connections", () => {
  it.each(["sshd", "sendmail-auth", "sendmail-reject"])("finds whom fail2ban-regex finds: %s", async (filter) => {
    const { tests, config } = findInstallation(undefined);
    const log = join(tests, "files/logs", filter);
    const double = createTerminalDouble();
    await runCommandLine(["regex", "--config", config, "-o", "ip", log, filter], double.terminal);
    const printed = execFileSync("fail2ban-regex", ["-o", "ip", log, filter], { encoding: "utf8" });
    const theirs = printed.split("\n").filter((text) => text !== "");
    // Text that is no address is refused here.
    expect(double.out().trimEnd().split("\n")).toEqual(theirs.filter((text) => parseIp(text) ?? /[a-z]/.test(text)));
    expect(theirs.length).toBeGreaterThan(10);
  });
});

describe("the explanation of a line", () => {
  const [filter] = matcherOf(CONNECTIONS).filters;
  const outcomes = (...lines: readonly string[]) => {
    const explain = createExplainer(filter!);
    return lines.map((line) => {
      const { outcome, connection, hits } = explain(line, 0);
      return [outcome, connection ?? hits[0]?.identity];
    });
  };

  it("says what its connection makes of it", () => {
    const address = { kind: "address", id: "192.0.2.1" };
    expect(outcomes("c1: failed", "c1: hello from 192.0.2.1", "c1: hello from 192.0.2.1", "c1: other")).toEqual([
      ["ignored", "waits"],
      ["matched", address],
      ["ignored", "told"],
      ["missed", undefined],
    ]);
  });

  it("leaves an ignoreregex its say", () => {
    expect(outcomes("c1: failed as nobody", "c1: hello from 192.0.2.1")).toEqual([
      ["ignored", undefined],
      ["ignored", "told"],
    ]);
  });
});
