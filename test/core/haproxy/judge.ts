/** Who says what a line means: our matcher, or Fail2Ban's own classes in a Python process that lives with the test. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseIp } from "../../../shared/core/address.ts";
import { type CompiledConfiguration, compileConfiguration } from "../../../shared/core/config/compile-configuration.ts";
import type { Failure } from "../../../shared/core/filter/event.ts";
import { createMatcher } from "../../../shared/core/filter/matcher.ts";
import { filesFrom } from "../../support/config-files.ts";
import { available } from "../../support/require.ts";

/** The address that each jail found in a line; jails that found nothing are absent. */
export type Verdict = Readonly<Record<string, string>>;

export interface Judge {
  readonly name: string;
  judge(lines: readonly string[]): Promise<readonly Verdict[]>;
  /** When the failure of a line was, epoch ms, in each jail that found one; `received` says when each line came. */
  date(lines: readonly string[], received: readonly number[]): Promise<readonly Readonly<Record<string, number>>[]>;
  close(): void;
}

export const CONFIG = fileURLToPath(new URL("../../../config", import.meta.url));

/** The jails that read HAProxy's sessions and errors, in the order of jail.conf. */
export const HAPROXY_JAILS = [
  "haproxy-noserver",
  "haproxy-badrequest",
  "haproxy-auth",
  "haproxy-denied",
  "haproxy-notfound",
  "haproxy-paths",
  "haproxy-ratelimited",
  "haproxy-slow",
  "haproxy-tls",
  "haproxy-connections",
] as const;

const ALL_JAILS = [...HAPROXY_JAILS, "haproxy-connects", "recidive"];

/** The default configuration with every jail on, plus files of the test's own. */
export function defaults(extra: Readonly<Record<string, string>> = {}): CompiledConfiguration {
  const paths = readdirSync(CONFIG, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".conf"));
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(join(CONFIG, path), "utf8")]));
  return compileConfiguration(filesFrom({ ...files, ...extra }), { everyJail: true });
}

/** Every judge that this machine has: ours always, Fail2Ban's where it is installed. */
export function judges(): readonly Judge[] {
  return [fleet2banJudge(), ...(available(["fail2ban-regex", "python3"]) ? [fail2banJudge()] : [])];
}

/** Our matcher as the judge, with the default configuration or one like it. */
export function fleet2banJudge(configuration = defaults()): Judge {
  const { matcher, problems } = createMatcher(configuration.jails, { localOffset: () => 0 });
  for (const { message } of problems) throw new Error(message);
  const find = <Value>(lines: readonly string[], received: readonly number[], value: (failure: Failure) => Value) => {
    const events = lines.map((text, index) => ({
      id: String(index),
      stream: "test",
      at: received[index] ?? NOW,
      text,
    }));
    const found = lines.map((): Record<string, Value> => ({}));
    for (const failure of matcher.match(events).failures)
      found[Number(failure.identity)]![failure.jail] = value(failure);
    return found;
  };
  return {
    name: "fleet2ban",
    judge: async (lines) =>
      find(lines, [], ({ suspect }) => (suspect.kind === "address" ? suspect.id : `a name: ${suspect.name}`)),
    date: async (lines, received) => find(lines, received, ({ at }) => at),
    close: () => {},
  };
}

const NOW = Date.parse("2026-11-22T16:00:00Z");

/** Fail2Ban as the judge; an address that it finds and that is none is kept as such, so that no test overlooks it. */
export function fail2banJudge(filters: readonly string[] = ALL_JAILS, config = CONFIG): Judge {
  const script = fileURLToPath(new URL("./oracle.py", import.meta.url));
  const env = { ...process.env, TZ: "UTC" };
  const child = spawn("/usr/bin/python3", [script, config, ...filters], { stdio: ["pipe", "pipe", "inherit"], env });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const find = async <Value>(lines: readonly string[], value: (found: { address: string; at: number }) => Value) => {
    child.stdin.write(lines.map((line) => `${JSON.stringify({ line })}\n`).join(""));
    const list: Record<string, Value>[] = [];
    for (const line of lines) {
      const answer = await answers.next();
      if (answer.done === true) throw new Error(`Fail2Ban ended at ${JSON.stringify(line)}`);
      const found = JSON.parse(answer.value) as Record<string, { address: string; at: number }>;
      list.push(Object.fromEntries(Object.entries(found).map(([jail, entry]) => [jail, value(entry)])));
    }
    return list;
  };
  return {
    name: "Fail2Ban",
    judge: (lines) => find(lines, ({ address }) => canonical(address)),
    date: (lines) => find(lines, ({ at }) => at),
    close: () => child.kill(),
  };
}

function canonical(address: string): string {
  return parseIp(address) ?? `${NO_ADDRESS}${address}`;
}

/** What Fail2Ban would ban although it is no address ("999.1.1.1"). */
export const NO_ADDRESS = "not an address: ";
