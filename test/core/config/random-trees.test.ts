/** Configurations made up at random, in which files, sections and options meet as often as they can: ours against Fail2Ban's. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileConfiguration } from "../../../shared/core/config/compile-configuration.ts";
import type { DumpCommand } from "../../../shared/core/config/dump-configuration.ts";
import { dumpConfiguration } from "../../../shared/core/config/dump-configuration.ts";
import { filesFrom } from "../../support/config-files.ts";
import { available } from "../../support/require.ts";
import type { Stream, Tree } from "./oracle.ts";
import { streams } from "./oracle.ts";

const words = (text: string) => text.split(" ");
const pick = (text: string) => fc.constantFrom(...words(text));

const piece = fc.oneof(
  { weight: 18, arbitrary: pick("a b5 7 <HOST> ^c$ <ip> 10m x-y # ; %%") },
  {
    weight: 12,
    arbitrary: pick(
      "%(x)s %(y)s %(port)s %(mode)s %(known/x)s %(default/x)s %(alpha/x)s %(known/failregex)s %(__name__)s",
    ),
  },
  {
    weight: 12,
    arbitrary: pick(
      "<x> <y> <mode> <lt_<logtype>/x> <known/x> <z-<mode>> <z-<y>> <Init/x> <DEFAULT/y> <chain> <X> <backend>",
    ),
  },
  { weight: 1, arbitrary: pick("%(missing)s %(Alpha/x)s %(nosuch/x)s %(Definition/x)s % <maxretry>") },
);
const value = fc
  .array(fc.tuple(piece, fc.constantFrom("", " ", " ", "\n   ", "\n  # note\n   ", "\n\n  ")), { maxLength: 4 })
  .map((parts) => parts.flat().join(""));
const plain = fc.oneof({ weight: 5, arbitrary: pick("a b 7 10m true") }, { weight: 1, arbitrary: value });

const option = (names: string, values: fc.Arbitrary<string>) => fc.tuple(pick(names), values);
const section = (names: string, options: fc.Arbitrary<[string, string]>, maxLength = 5) =>
  fc.tuple(pick(names), fc.uniqueArray(options, { maxLength, selector: ([name]) => name.toLowerCase() }));
const iniFile = (sections: fc.Arbitrary<[string, [string, string][]]>) =>
  fc.uniqueArray(sections, { maxLength: 4, selector: ([name]) => name }).map(render);
const render = (sections: [string, [string, string][]][]) =>
  sections
    .map(([name, options]) => `[${name}]\n${options.map(([key, text]) => `${key} = ${text}\n`).join("")}`)
    .join("\n");

const action = fc.oneof(
  pick(
    'iptables iptables[name=z] iptables[port="%(port)s",chain="<known/chain>"] iptables[name=alpha-2,x=<y>] iptables,',
  ),
  fc.constantFrom(
    "iptables [name=x]",
    "iptables sendmail[dest=a@b]",
    "",
    "nosuch",
    "iptables[port=80,443]",
    "iptables[x=[a]]",
    "iptables[x='[a]'][y=b]",
    'iptables[x="a,]b"] sendmail[]',
    "sendmail\n  iptables",
  ),
);
const filterName = fc.constantFrom(
  "f",
  "f",
  "f[mode=m]",
  "f[x=1, y='a,b']",
  "g",
  "%(__name__)s",
  "",
  "f[logtype=journal]",
  "f[x",
  "f[failregex=q]",
);
const jailOption = fc.oneof(
  {
    weight: 5,
    arbitrary: option(
      "x y port X maxretry findtime bantime usedns ignoreip mode backend datepattern maxlines bantime.increment",
      plain,
    ),
  },
  { weight: 2, arbitrary: option("failregex x ignoreregex prefregex", value) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("enabled"), fc.constantFrom("true", "true", "1", "false", "maybe")) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("filter"), filterName) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("action"), action) },
);
const jailFile = iniFile(
  fc.oneof(
    { weight: 15, arbitrary: section("alpha beta DEFAULT alpha", jailOption) },
    {
      weight: 1,
      arbitrary: fc.tuple(
        fc.constant("INCLUDES"),
        fc.tuple(fc.tuple(pick("before after"), pick("inc.conf jail.d/a.conf nosuch.conf"))),
      ),
    },
  ),
);
const filterFile = iniFile(
  fc.oneof(
    {
      weight: 15,
      arbitrary: section(
        "Definition Init DEFAULT lt_file lt_journal Definition Init?family=inet6",
        option("failregex ignoreregex x y x y mode z-a z-m logtype datepattern maxlines journalmatch", value),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constant("INCLUDES"), fc.tuple(fc.tuple(pick("before after"), pick("g.conf f.conf")))),
    },
  ),
);
const actionFile = iniFile(
  section(
    "Definition Init DEFAULT Init?family=inet6",
    option("actionban actionstart norestored x y chain port name", value),
  ),
);

/** So that most references lead somewhere. */
const DEFAULTS = "[DEFAULT]\nx = dx\ny = dy\nport = 22\nmode = m\nfailregex = dr\n[alpha]\nx = ax\n";

const tree: fc.Arbitrary<Tree> = fc
  .record(
    {
      "jail.conf": jailFile,
      "jail.d/a.conf": jailFile,
      "jail.d/b.conf": jailFile,
      "jail.local": jailFile,
      "jail.d/a.local": jailFile,
      "inc.conf": jailFile,
      "inc.local": jailFile,
      "filter.d/f.conf": filterFile,
      "filter.d/f.local": filterFile,
      "filter.d/f.d/h.conf": filterFile,
      "filter.d/g.conf": filterFile,
    },
    { requiredKeys: ["jail.conf", "filter.d/f.conf"] },
  )
  .chain((files) => fc.tuple(fc.constant(files), actionFile, actionFile))
  .map(([files, iptables, sendmail]) => ({
    ...(files as Tree),
    "jail.d/zz.conf": "[alpha]\nenabled = true\nfilter = f\n",
    "fail2ban.conf": "[Definition]\nloglevel = INFO\n",
    "action.d/iptables.conf": iptables,
    "action.d/sendmail.conf": sendmail,
    // Without a [Definition], Fail2Ban takes every option for None and stumbles over that later.
    "jail.d/00.conf": DEFAULTS,
    "filter.d/f.d/00.conf": `${DEFAULTS}[Definition]\n`,
    "filter.d/g.d/00.conf": `${DEFAULTS}[Definition]\n`,
    "action.d/iptables.d/00.conf": `${DEFAULTS}[Definition]\n`,
    "action.d/sendmail.d/00.conf": `${DEFAULTS}[Definition]\n`,
  }));

/** Each side words its errors itself; which log files exist is a matter of the host. */
const comparable = (commands: readonly DumpCommand[]) =>
  commands
    .filter((command) => command[2] !== "addlogpath")
    .map((command) => (command[0] === "config-error" ? String(command[1]).split(",", 1) : command));

function outcome(stream: Stream) {
  if ("error" in stream) return stream.error === "TimeoutError" ? "unknown" : "fatal";
  return comparable(stream.stream);
}

function oursOf(files: Tree) {
  const compiled = compileConfiguration(filesFrom(files));
  const fatal = compiled.problems.some(({ severity, jail }) => severity === "error" && jail === undefined);
  return fatal ? "fatal" : comparable(dumpConfiguration(compiled));
}

describe.skipIf(!available(["fail2ban-client", "python3"]))("random configurations", () => {
  it("come to what Fail2Ban makes of them", () => {
    let fatal = 0;
    let total = 0;
    const batch = fc.array(tree, { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(batch, (trees) => {
        const theirs = streams(trees).map(outcome);
        trees.forEach((files, index) => {
          if (theirs[index] === "unknown") return;
          total++;
          if (theirs[index] === "fatal") fatal++;
          expect(oursOf(files), JSON.stringify(files, null, 1)).toEqual(theirs[index]);
        });
      }),
      { numRuns: Number(process.env.CONFIG_RUNS ?? 4), endOnFailure: true },
    );
    console.log(`${total} random configurations agree, ${fatal} of them refused by both`);
    expect(fatal / total).toBeLessThan(0.7);
  }, 240_000);
});
