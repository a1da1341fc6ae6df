/**
 * Filters put together at random, on lines with addresses as odd as a client can have them: Fail2Ban's own Filter class and
 * ours find the same failures, with the same groups, and refuse the same filters.
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNetwork } from "../../../shared/core/address.ts";
import { createExplainer } from "../../../shared/core/filter/explain.ts";
import { createMatcher } from "../../../shared/core/filter/matcher.ts";
import { type JailSketch, jailOf } from "../../support/jail.ts";
import { available } from "../../support/require.ts";
import { SEED } from "../../support/seed.ts";
import { type JudgedRow, judgeFilters } from "./fail2ban-filter.ts";

const words = (...rows: readonly string[]) => fc.constantFrom(...rows.flatMap((row) => row.split(" | ")));

/** Whatever stands for an id; doubled names of groups and regexes without an id are among what comes of it. */
const ID = words(
  "<HOST> | <ADDR> | <IP4> | <IP6> | <DNS> | <SUBNET> | <F-ID/> | <F-ADDR/> | <F-IP4/> | <F-IP6/> | <F-DNS/>",
  "<F-SUBNET/> | <F-ID>\\S+</F-ID> | <ADDR>/<CIDR> | <ADDR>(?:/<F-CIDR/>)? | \\[<ADDR>\\] | <HOST>:<F-PORT/>",
  "<F-IP4>[\\d.]+</F-IP4> | <F-ID><IP4>:\\w+</F-ID> | <F-TUPLE_ID>\\w</F-TUPLE_ID>\\S* <F-ID>\\S+</F-ID>",
  "(?:<IP4>|<IP6>|<DNS>) | <F-ALT_ID>x</F-ALT_ID> <HOST> | (?:<ADDR>|<F-ID>\\w+</F-ID>) | (?P<ip4>\\S+) | (?P<host>\\S+)",
  "<F-DNS>\\w+</F-DNS> | <HOST> <HOST> | <F-HOST/> | (?P<fid>\\S+) | <HOST>(?:\\s+<F-ALT_IP4>[\\d.]+</F-ALT_IP4>)?",
);
const BEFORE = words(
  "^ | ^\\s* |  | ^a  | \\bfrom  | ^.* | ^\\S+  | ^(?:a|b)  | \\s | (?:^|\\s)from  | ^<F-USER>\\w*</F-USER>  | ^[^:]*: ?",
  "^(?i:A)  | ^(?!b) ?\\w*  | (?<=from )",
);
const AFTER = words(
  " | $ | \\s*$ | \\b |  by <F-USER>.*</F-USER>$ | (?:  port \\d+)?$ | (?: by <F-ALT_USER>\\w+</F-ALT_USER>)?",
  "(?:,|$) | .*$ |  b | (?=\\s|$) | [^\\d]",
);
const failregex = fc.tuple(BEFORE, ID, AFTER).map((parts) => parts.join(""));
const ignoreregex = words("^a | b$ | 192\\.0\\.2 | <HOST>$ | nobody | ^\\s*x | (?:by|b) |  from 198 | ^$ | <ADDR>");
const prefregex = words(
  "^<F-CONTENT>.+</F-CONTENT>$ | ^\\s*a <F-CONTENT>.+</F-CONTENT>$ | ^(?:\\w+ )?<F-CONTENT>from.+</F-CONTENT> | from",
  "^(?:<F-USER>\\w+</F-USER> )?<F-CONTENT>.*</F-CONTENT>$ | ^<F-ID>\\w+</F-ID> <F-CONTENT>.+</F-CONTENT>$ | ^\\s*<F-CONTENT>a?</F-CONTENT>",
  "^.*<HOST> <F-CONTENT>.*</F-CONTENT>$ | ^(?P<user>a)?.*?<F-CONTENT>\\S+</F-CONTENT>",
);
const sketch: fc.Arbitrary<JailSketch> = fc.record(
  {
    failregex: fc.array(failregex, { minLength: 1, maxLength: 6 }),
    ignoreregex: fc.array(ignoreregex, { maxLength: 3 }),
    prefregex,
    maxlines: fc.constantFrom(1, 1, 1, 2),
    datepattern: words(
      "{^LN-BEG} | {NONE} | {DATE} | {DEFAULT} | EPOCH | {UNB}%H:%M:%S | ^%b %d %H:%M:%S | \\[{DATE}\\] | ^[^ ]* \\[({DATE})\\]",
    ).map((pattern) => [pattern]),
    usedns: fc.constantFrom("no", "no", "raw", "warn"),
  },
  { requiredKeys: ["failregex", "ignoreregex", "usedns"] },
);

const ADDRESS = words(
  "192.0.2.1 | 198.51.100.7 | 999.1.1.1 | 01.2.3.4 | 1.2.3 | 1.2.3.4.5 | ::1 | :: | 2001:db8::1 | 2001:DB8::A | 1:2:3:4:5:6:7:8",
  "1:2:3:4:5:6:7::9 | 1::2::3 | ::ffff:192.0.2.1 | ::FFFF:192.0.2.1 | ::ffff:c000:0201 | [2001:db8::1] | [192.0.2.1] | [::1]:443",
  "2001:db8::1:443 | 192.0.2.1:80 | 192.0.2.1/24 | 192.0.2.1/33 | 2001:db8::1/32 | fe80::1%eth0 | fe80::1%25 | host.example",
  "host-1_a.example. | x | 12345 | 0x7f.1 | 127.1 | bad..name | -x- | 192.0.2.1.example | a@192.0.2.1 | (192.0.2.1) | 11:59:59 | ::ffff:1.2.3",
);
const DATE = words(
  " | 2026-11-22 17:35:59  | Nov 22 17:35:59 a  | Dec 31 23:59:58 a  | Jan  1 00:00:07 a  | [22/Nov/2026:17:35:59 +0000]  | a [2026-11-22T17:35:59Z]  | 1795368959  | 22:45:11 ",
);
const line = fc
  .tuple(
    DATE,
    words(" | a  | b  | a: | a from  |  from  | a  from  | from  | x  | nobody  | A  | é "),
    ADDRESS,
    words(
      " |  b |  by root | , |  port 22 |   |  by nobody | : |  x 198.51.100.9 | \t | \u2028 | \r |  from 192.0.2.9",
    ),
  )
  .map((parts) => parts.join(""));
const LINES = 12;
const FILTERS = Number(process.env.FILTER_RUNS ?? 200);
const trial = fc.tuple(sketch, fc.array(line, { minLength: LINES, maxLength: LINES }));

/** Ours, in the shape of theirs. */
function ours(
  sketch: JailSketch,
  lines: readonly string[],
  now: number,
): readonly JudgedRow[] | { readonly error: string } {
  const { matcher, problems } = createMatcher([jailOf(sketch)], { localOffset: () => 0 });
  const [filter] = matcher.filters;
  if (filter === undefined) return { error: problems.map(({ message }) => message).join("; ") };
  const explain = createExplainer(filter);
  return lines.flatMap((text, index) => {
    const { outcome, hits, date } = explain(text.replace(/[\r\n]+$/, ""), now);
    const [hit] = hits;
    if (outcome !== "matched" || hit === undefined || hit.identity.kind === "refused") return [];
    const id = hit.identity.kind === "address" ? hit.identity.id : hit.identity.name;
    const { ip: _, ...groups } = Object.fromEntries(hit.told) as Record<string, string | null>;
    return [{ line: index, regex: hit.regex, id, at: date?.at === undefined ? null : date.at / 1000, groups }];
  });
}

/** Of theirs what is an address, or a name where names are resolved; the rest is refused here. */
function comparable(rows: readonly JudgedRow[], { usedns }: JailSketch): readonly JudgedRow[] {
  return rows.flatMap((row) => {
    // "ip" is for what -o prints (told-groups.test.ts).
    const { ip: _, ...groups } = row.groups;
    const { fid, ip4, ip6, dns, cidr } = groups;
    const isName = usedns === "warn" && !ip4 && !ip6 && dns;
    // Fail2Ban makes an address of its own of "192.0.2.1/33" and of a whole id such as "2001:db8::1/32:".
    const isMade = fid?.includes("/") ? !parseNetwork(fid) : Number(cidr ?? 0) > (ip4 ? 32 : 128);
    const id = isMade ? undefined : (parseNetwork(row.id) ?? (isName ? row.id : undefined));
    return id === undefined ? [] : [{ ...row, groups, id }];
  });
}

const ofLine = (rows: readonly JudgedRow[], number: number) => rows.filter(({ line }) => line === number);

describe.runIf(available(["python3", "fail2ban-regex"]))(`random filters, SEED=${SEED}`, () => {
  it.each([
    { name: "on a day in November", now: Date.UTC(2026, 10, 22, 18) },
    { name: "at the turn of the year", now: Date.UTC(2027, 0, 1, 0, 0, 5) },
  ])(
    "find what Fail2Ban's find, and are refused where Fail2Ban's are, $name",
    ({ now }) => {
      const trials = fc.sample(trial, { numRuns: FILTERS, seed: SEED });
      const theirs = judgeFilters(trials, now / 1000);
      const wrong: unknown[] = [];
      let [failures, refused] = [0, 0];
      for (const [index, [sketch, lines]] of trials.entries()) {
        const expected = theirs[index]!;
        const got = ours(sketch, lines, now);
        if ("error" in expected || "error" in got) {
          refused += 1;
          if ("error" in expected !== "error" in got) wrong.push({ sketch, expected, got });
          continue;
        }
        const rows = comparable(expected, sketch);
        failures += rows.length;
        for (const [number, line] of lines.entries()) {
          const ourRows = ofLine(got, number);
          // A line without a date has that of the last one that has one, which is not the explanation's affair.
          const undated = ourRows[0]?.at === null;
          const theirRows = ofLine(rows, number).map((row) => (undated ? { ...row, at: null } : row));
          if (!isDeepStrictEqual(ourRows, theirRows)) wrong.push({ sketch, line, expected: theirRows, got: ourRows });
        }
      }
      console.log(
        `${FILTERS} filters, ${refused} of them refused by both, ${failures} failures in ${FILTERS * LINES} lines`,
      );
      expect(wrong).toEqual([]);
      expect(failures).toBeGreaterThan(FILTERS / 5);
    },
    240_000,
  );
});
