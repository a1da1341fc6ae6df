/** The default configuration: sound for us and for Fail2Ban, said in docs/filters.md as it is, cheap on ordinary lines. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createMatcher } from "../../../shared/core/filter/matcher.ts";
import { findTraps } from "../../../shared/core/lint/find-traps.ts";
import { available } from "../../support/require.ts";
import { CONFIG, defaults, HAPROXY_JAILS } from "./judge.ts";

const { jails, problems } = defaults();
const SECOND = 1000;

describe("the default configuration", () => {
  it("has no problems, and every regex runs on the linear engine", () => {
    expect(problems).toEqual([]);
    expect(createMatcher(jails, { localOffset: () => 0 }).problems).toEqual([]);
    expect(jails.map(({ name }) => name)).toEqual([...HAPROXY_JAILS, "haproxy-connects", "recidive"]);
  });

  it("has no filter that is blind behind a head, or takes an address from a header", () => {
    const { matcher } = createMatcher(jails, { localOffset: () => 0 });
    expect(matcher.filters.flatMap(findTraps)).toEqual([]);
  });

  it("turns on every jail but the one that cannot tell good from bad", () => {
    const text = readFileSync(join(CONFIG, "jail.d/defaults.conf"), "utf8");
    const on = [...text.matchAll(/^\[(.+)\]\nenabled = true$/gm)].map(([, name]) => name);
    expect(on).toEqual([...HAPROXY_JAILS, "recidive"]);
  });

  it("has the numbers that docs/filters.md gives reasons for", () => {
    const text = readFileSync(new URL("../../../docs/filters.md", import.meta.url), "utf8");
    const rows = [...text.matchAll(/^\| ([\w-]+) \|.*\| (\d+) \| (\w+) \| (\w+) \| .+ \|$/gm)];
    const said = rows.map(([, name, maxretry, findtime, bantime]) => ({
      name,
      maxretry: Number(maxretry),
      findtime: toMs(findtime!),
      bantime: toMs(bantime!),
    }));
    expect(said).toEqual(jails.map(({ name, maxretry, findtime, bantime }) => ({ name, maxretry, findtime, bantime })));
    const increments = jails.map(({ increment }) => increment?.maxtime);
    expect(increments).toEqual(jails.map(({ name }) => (name === "recidive" ? undefined : toMs("1w"))));
  });

  const TAIL = `1/1/0/0/0 0/0 {shop.example|Mozilla/5.0 (X11; Linux x86_64)} "GET /item/17?q=%20a&n=404 HTTP/1.1"`;
  const START =
    '{"client":"192.0.2.3","port":40415,"time":"22/Nov/2026:15:59:04.603","frontend":"api","backend":"app","server":"a1"';
  it.each([
    ["httplog", `192.0.2.3:40415 [22/Nov/2026:15:59:04.603] www app/a1 0/0/0/1/1 200 40417 - - ---- ${TAIL}`],
    [
      "not modified",
      `Nov 22 15:59:04 lb1 haproxy[429]: 192.0.2.3:40415 [22/Nov/2026:15:59:04.603] www app/a1 0/0/0/1/1 304 98 - - ---- ${TAIL}`,
    ],
    ["tcplog", "192.0.2.3:50255 [22/Nov/2026:15:59:04.603] q b/b1 0/0/5012 4031 -- 1/1/0/0/0 0/0"],
    [
      "JSON",
      `${START},"timers":"0/0/0/1/1","status":200,"bytes":4041,"state":"----","conns":"1/1/0/0/0","queues":"0/0","method":"GET","uri":"\\/item\\/17?q=%20","version":"HTTP\\/1.1","agent":"curl\\/8"}`,
    ],
  ])("lets an ordinary line go by its literals alone: %s", (_, text) => {
    const { matcher } = createMatcher(jails, { localOffset: () => 0 });
    const { tallies } = matcher.match([{ id: "1", stream: "test", at: 0, text }]);
    const looked = [...tallies].filter(([, tally]) => tally.unparsed + tally.matched > 0).map(([name]) => name);
    expect(looked).toEqual([]);
  });
});

describe.runIf(available(["fail2ban-client", "python3"]))("the default configuration in Fail2Ban 1.0.2", () => {
  it("is accepted, and comes to the same regexes", () => {
    const folder = mkdtempSync(join(tmpdir(), "fleet2ban-defaults-"));
    try {
      cpSync(CONFIG, folder, { recursive: true });
      for (const name of ["fail2ban.conf", "action.d"]) symlinkSync(join("/etc/fail2ban", name), join(folder, name));
      writeFileSync(join(folder, "empty.log"), "");
      const everyJail = jails.map(({ name }) => `[${name}]\nenabled = true\nlogpath = ${join(folder, "empty.log")}\n`);
      writeFileSync(join(folder, "jail.local"), everyJail.join(""));
      const dump = execFileSync("fail2ban-client", ["-c", folder, "-d"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      const streams = toJson(dump);
      for (const jail of jails) {
        const own = streams.filter(([, name]) => name === jail.name);
        const valuesOf = (option: string) =>
          own.filter(([, , key]) => key === option).flatMap(([, , , value]) => value as string | string[]);
        expect(valuesOf("addfailregex"), jail.name).toEqual(jail.filter.failregex.map(({ text }) => text));
        expect(valuesOf("prefregex")).toEqual([jail.filter.prefregex?.text].filter((text) => text !== undefined));
        expect(valuesOf("addignoreregex")).toEqual(jail.filter.ignoreregex.map(({ text }) => text));
        expect(valuesOf("datepattern").join("\n")).toBe(jail.filter.datepattern.map(({ text }) => text).join("\n"));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** The commands of `fail2ban-client -d`, one Python list a line. */
function toJson(dump: string): unknown[][] {
  const script = "import ast, json, sys\nfor line in sys.stdin: print(json.dumps(ast.literal_eval(line)))";
  const lines = dump.split("\n").filter((line) => line.startsWith("["));
  const json = execFileSync("python3", ["-c", script], { input: lines.join("\n"), encoding: "utf8" });
  return json
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown[]);
}

function toMs(duration: string): number {
  const unit = { m: 60, h: 3600, d: 86_400, w: 604_800 }[duration.at(-1)!];
  return Number(duration.slice(0, -1)) * unit! * SECOND;
}
