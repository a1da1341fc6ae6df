/** Debian's fail2ban-regex is the judge: the same filters, the same lines, the same addresses. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createMatcher } from "../../../shared/core/filter/matcher.ts";
import { type JailSketch, jailOf, NOSERV } from "../../support/jail.ts";
import { available } from "../../support/require.ts";

const folder = mkdtempSync(join(tmpdir(), "fleet2ban-judge-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ACCEPT = "[14/Nov/2025:22:45:11.608]";
const REST = "http_fe http_fe/<NOSRV> -1/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0";
const HEADS = [
  "",
  "Nov 14 22:45:11 host ",
  "<134>Nov 14 22:45:11 host ",
  "2025-11-14T22:45:11.608000+00:00 host ",
  "2025-11-14 22:45:11 ",
  "[14/Nov/2025:22:45:11 +0000] ",
];
const CLIENTS = ["192.0.2.3", "2001:db8::1", "2001:db8:1:2::10", "::ffff:192.0.2.3", "host.example", "10.10.3.4"];
const LINES = [
  ...HEADS.flatMap((head) =>
    CLIENTS.map((client) => `${head}haproxy[760]: ${client}:58430 ${ACCEPT} ${REST} "GET / HTTP/1.1"`),
  ),
  `haproxy[760]: 192.0.2.3:58430 ${ACCEPT} ${REST.replace("http_fe/<NOSRV>", "http_fe/app1")} "GET / HTTP/1.1"`,
  `haproxy[760]: 192.0.2.3:58430 ${ACCEPT} www app/a 0/0 200 1 {x haproxy[1]: 198.51.100.9:5 [] http_fe http_fe/<NOSRV> z} "GET /"`,
  `haproxy[760]: 192.0.2.3:58430 [] ${REST}\u2028 "GET / HTTP/1.1"`,
  "Nov 14 22:45:11 app: failed from 192.0.2.7",
  "Nov 14 22:45:11 app: failed from 192.0.2.7 port 1",
  "Nov 14 22:45:11 app: FAILED from [2001:db8::7]",
  "Nov 14 22:45:11 app: failed from 192.0.2.8 é",
  "",
];

const FILTERS: readonly (JailSketch & { readonly title: string })[] = [
  { title: "the README's filter", failregex: [NOSERV] },
  { title: "brackets with or without a date", failregex: [NOSERV.replace("\\[\\.*\\]", "\\[[^\\]]*\\]")] },
  { title: "an end of line", failregex: ["failed from <HOST>$"] },
  { title: "any case", failregex: ["(?i)failed from <ADDR>"] },
  {
    title: "a prefix and its content",
    prefregex: "^\\s*app: <F-CONTENT>.+</F-CONTENT>$",
    failregex: ["^failed from <HOST>"],
  },
  { title: "an ignoreregex after", failregex: ["failed from <HOST>"], ignoreregex: ["port \\d+$"] },
  { title: "an own date pattern", failregex: [NOSERV], datepattern: ["\\[(%%d/%%b/%%Y:%%H:%%M:%%S)"] },
  { title: "only dates at the line's begin", failregex: [NOSERV], datepattern: ["{^LN-BEG}"] },
  { title: "no date", failregex: ["failed from <HOST>"], datepattern: ["{NONE}"] },
];

const judged = available(["fail2ban-regex"]);

describe.runIf(judged)("fail2ban-regex agrees", () => {
  it.each(FILTERS)("with $title", ({ title: _, ...sketch }) => {
    const jail = jailOf({
      ...sketch,
      usedns: "no",
      datepattern: (sketch.datepattern ?? []).map((text) => text.replaceAll("%%", "%")),
    });
    const { matcher } = createMatcher([jail], { localOffset: () => 0 });
    const now = Date.UTC(2025, 10, 14, 22, 45, 30);
    const ours = LINES.flatMap((text, index) =>
      matcher.match([{ id: `${index}`, stream: "s", at: now, text }]).failures.map(({ suspect }) => {
        return suspect.kind === "address" ? `${suspect.id}` : suspect.name;
      }),
    );
    expect(ours).toEqual(judge(sketch));
  });
});

function judge({ failregex = [], ignoreregex = [], prefregex, datepattern = [] }: JailSketch): string[] {
  const [log, filter] = [join(folder, "log"), join(folder, "judged.conf")];
  writeFileSync(log, LINES.map((text) => `${text}\n`).join(""));
  const option = (name: string, values: readonly string[]) => `${name} = ${values.join("\n    ")}\n`;
  const conf = [
    "[Definition]\n",
    prefregex === undefined ? "" : option("prefregex", [prefregex]),
    option("failregex", failregex),
    option("ignoreregex", ignoreregex),
    datepattern.length > 0 ? option("datepattern", datepattern) : "",
    "usedns = no\n",
  ];
  writeFileSync(filter, conf.join(""));
  const printed = execFileSync("fail2ban-regex", ["-o", "ip", "--usedns", "no", log, filter], { encoding: "utf8" });
  return printed.split("\n").filter((text) => text !== "");
}
