/**
 * A jail's values, as odd as people write them: what our compiler makes of them against what Fail2Ban's server holds once
 * its client has sent them. The dump alone (random-trees.test.ts) shows only the text that travels between the two.
 */
import { rmSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfigFiles } from "../../../shared/adapters/local/config-files.ts";
import { matchesGlob } from "../../../shared/adapters/local/follow/glob.ts";
import { parseIp } from "../../../shared/core/address.ts";
import { compileConfiguration } from "../../../shared/core/config/compile-configuration.ts";
import { examine } from "../../../shared/core/config/examine.ts";
import type { Problem } from "../../../shared/core/config/problem.ts";
import { bantimeAfter } from "../../../shared/core/detect/bantime.ts";
import { createIgnoreList, parseIgnoreWords } from "../../../shared/core/detect/ignore.ts";
import { readyIncrement } from "../../../shared/core/detect/policy.ts";
import type { CompiledFilter } from "../../../shared/core/filter/matcher.ts";
import { available } from "../../support/require.ts";
import { SEED } from "../../support/seed.ts";
import { PLAIN, VALUES, WRITINGS } from "./odd-values.ts";
import { writeTree } from "./oracle.ts";
import { type ServedJail, serve } from "./server-oracle.ts";

const LOGS = ["a.log", "b.log", "sub/a.log", "with space.log"];
const PROBES =
  "127.0.0.1 10.0.0.1 10.1.0.1 10.255.255.255 192.0.2.1 192.0.2.200 198.51.100.7 ::1 2001:db8::1 2001:db8:1::1 fe80::1".split(
    " ",
  );

const BASE: readonly (readonly [string, string])[] = [
  ["enabled", "true"],
  ["filter", "f"],
  ["backend", "polling"],
  ["logpath", "a.log"],
  ["action", "iptables[port=ssh]"],
];

/** A jail [j] of these options over those that every jail needs. */
function treeOf(options: readonly (readonly [string, string])[]): Files {
  const all = new Map([...BASE, ...options]);
  const lines = [...all].map(([name, value]) => `${name} = ${value}\n`);
  return {
    ...Object.fromEntries(LOGS.map((path) => [path, ""])),
    "jail.local": `[j]\n${lines.join("")}`,
    "filter.d/f.conf": "[Definition]\nfailregex = ^x <HOST>$\n",
    "filter.d/j.conf": "[Definition]\nfailregex = ^j <HOST>$\nmaxlines = 3\nusedns = raw\n",
    "fail2ban.conf": "[Definition]\n",
    "action.d/iptables.conf":
      "[Definition]\nactionban = x\n[Init]\nname = default\nport = ssh\nprotocol = tcp\nchain = INPUT\nblocktype = DROP\n",
  };
}

/**
 * What one side takes and the other does not, or takes otherwise, and why that may stay. All else agrees, or is told: a value
 * that we take otherwise has a warning with its place.
 */
const OWN_WAY = new Map([
  ["maxretry = ٣", "digits are ASCII"],
  ["findtime = -1", "counts nothing, ever: refused"],
  ["findtime = 0", "counts nothing, ever: refused"],
  ["findtime = 1,5h", "a pair of numbers, over which Fail2Ban stumbles at the first failure"],
  ["bantime = -1d", "over before it begins: refused"],
  ["bantime.maxtime = -1", "a second ban without end: refused"],
  ["bantime.maxtime = 0", "a second ban of no time: refused"],
  ["ignoreip = ::ffff:10.0.0.0/104", "is 10.0.0.0/8, as the address alone is IPv4"],
  ["logencoding = ", "as if it were absent"],
  ["logpath = with space.log", "the last word is neither head nor tail: told at once, not when the log is looked for"],
  ["logpath = a.log # c", "the same"],
  ["datepattern = (", "told at once, not at the first line"],
  ["datepattern = [\\d", "told at once, not at the first line"],
  ["datepattern = %%Y(?", "told at once, not at the first line"],
  ["datepattern = %%Y %%Y", "told at once, not at the first line"],
]);

interface Own {
  /** Undefined where the jail is not enabled, or refused. */
  readonly jail: ServedJail | undefined;
  readonly refused: boolean;
  readonly problems: readonly Problem[];
}

function ours(directory: string): Own {
  const compiled = compileConfiguration(readConfigFiles(directory));
  const { filters, problems } = examine(compiled, () => 0, 1);
  const refused = problems.some(({ severity }) => severity === "error");
  const actions = compiled.outcomes.flatMap((outcome) => (outcome.kind === "resolved" ? outcome.jail.actions : []));
  const [filter] = filters;
  if (refused || filter === undefined) return { jail: undefined, refused, problems };
  return {
    jail: typed(
      filter,
      actions.map(({ identity }) => identity),
    ),
    refused,
    problems,
  };
}

function typed({ jail, prefregex, failregex, ignoreregex }: CompiledFilter, actions: readonly string[]): ServedJail {
  const ignore = createIgnoreList(parseIgnoreWords(jail.ignoreip).targets);
  const policy = { bantime: jail.bantime, increment: jail.increment && readyIncrement(jail.increment) };
  return {
    maxretry: jail.maxretry,
    findtime: jail.findtime / 1000,
    bantime: inSeconds(jail.bantime),
    maxmatches: jail.maxmatches,
    maxlines: jail.filter.maxlines,
    usedns: jail.usedns,
    ignoreself: jail.ignoreself,
    ignorecommand: jail.ignorecommand ?? null,
    logtimezone: jail.logtimezone ?? null,
    prefregex: prefregex !== undefined,
    failregex: failregex.length,
    ignoreregex: ignoreregex.length,
    actions,
    logs: jail.logs
      .flatMap(({ path, from }) =>
        LOGS.filter((log) => matchesGlob(path, log)).map((log): [string, boolean] => [log, from === "tail"]),
      )
      .sort(),
    ignored: PROBES.filter((probe) => ignore.covers(parseIp(probe)!)),
    lengths:
      jail.increment === undefined
        ? null
        : [1, 2, 3, 4, 5, 6, 7, 8].map((count) => inSeconds(bantimeAfter(count, policy, 0))),
  };
}

const inSeconds = (bantime: number | "permanent") => (bantime === "permanent" ? -1 : bantime / 1000);

/** Lengths to the millisecond; one below zero is over at once, and of bans that last for ever or no time there are none. */
function comparable({ lengths, ...jail }: ServedJail): ServedJail {
  const rounded = lengths?.map((length) => Math.max(0, Math.round(length * 1000)));
  return { ...jail, lengths: jail.bantime <= 0 ? null : (rounded ?? null) };
}

type Files = Readonly<Record<string, string | Uint8Array>>;

/** What differs and is not told, a line each. */
function differences(trees: readonly Files[]): string[] {
  const directories = trees.map(writeTree);
  try {
    return serve(directories, PROBES).flatMap((answer, index) => {
      const { jail, refused, problems } = ours(directories[index]!);
      const told = problems.some(({ code }) => code === "bad-value" || code === "bad-address");
      const label = JSON.stringify([trees[index]!["jail.local"], trees[index]!["filter.d/f.conf"]]);
      if ("error" in answer) return refused || told ? [] : [`${label}: only Fail2Ban refuses it: ${answer.error}`];
      const [enabled] = Object.values(answer.jails);
      const theirs = enabled && comparable(enabled);
      // A jail that finds nothing runs in Fail2Ban; here it is refused.
      if (refused)
        return theirs === undefined || theirs.failregex === 0
          ? []
          : [`${label}: only we refuse it: ${problems.at(-1)?.message}`];
      const own = jail && comparable(jail);
      return isDeepStrictEqual(own, theirs) || (told && own && theirs) ? [] : [`${label}: ${diff(own, theirs)}`];
    });
  } finally {
    for (const directory of directories) rmSync(directory, { recursive: true });
  }
}

function diff(own: ServedJail | undefined, theirs: ServedJail | undefined): string {
  if (own === undefined || theirs === undefined) return `${own && "ours"}${theirs && "theirs"} alone is enabled`;
  const names = Object.keys(theirs) as (keyof ServedJail)[];
  const changed = names.filter((name) => !isDeepStrictEqual(own[name], theirs[name]));
  return changed.map((name) => `${name} is ${JSON.stringify(own[name])}, not ${JSON.stringify(theirs[name])}`).join();
}

const SINGLES = Object.entries(VALUES).flatMap(([name, values]) => values.map((value) => [name, value] as const));
const ownWay = ([name, value]: readonly [string, string]) => OWN_WAY.has(`${name} = ${value}`);

describe.skipIf(!available(["fail2ban-client", "python3"]))(`a jail next to Fail2Ban's server, SEED=${SEED}`, () => {
  it("has the same value for each option, however it is written", () => {
    const agreeing = SINGLES.filter((single) => !ownWay(single));
    expect(differences(agreeing.map((single) => treeOf([single])))).toEqual([]);
    console.log(`${agreeing.length} values agree`);
  }, 60_000);

  it("has the same values however its file is written", () => {
    const written = WRITINGS.map((write) => ({ ...treeOf([]), "jail.local": write(PLAIN) }));
    expect(differences(written)).toEqual([]);
    const filters = WRITINGS.map((write) => ({
      ...treeOf([]),
      "filter.d/f.conf": write("[Definition]\nfailregex = ^x <HOST>$\n  ^y <HOST>$\n"),
    }));
    expect(differences(filters)).toEqual([]);
  }, 60_000);

  it("goes its own way where that is written down, and only there", () => {
    const strange = SINGLES.filter(ownWay);
    expect(strange).toHaveLength(OWN_WAY.size);
    const found = differences(strange.map((single) => treeOf([["bantime.increment", "true"], single])));
    expect(found).toHaveLength(strange.length);
  }, 60_000);

  it("has the same values whatever stands beside them", () => {
    const names = fc.constantFrom(
      ...Object.keys(VALUES),
      ...Object.keys(VALUES).filter((name) => name.startsWith("bantime")),
    );
    const plain = (name: string) => VALUES[name]!.filter((value) => !ownWay([name, value]));
    const option = names.chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...plain(name))));
    const options = fc.uniqueArray(option, { minLength: 2, maxLength: 6, selector: ([name]) => name });
    const trees = fc.sample(options, { seed: SEED, numRuns: 150 * Number(process.env.CONFIG_RUNS ?? 1) }).map(treeOf);
    expect(differences(trees)).toEqual([]);
    console.log(`${trees.length} jails agree`);
  }, 240_000);
});
