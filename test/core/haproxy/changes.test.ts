/** What docs/filters.md tells people to write into .local files does what it says, for us and for Fail2Ban. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { available } from "../../support/require.ts";
import { CONFIG, defaults, fail2banJudge, fleet2banJudge, type Judge } from "./judge.ts";

const DOCS = readFileSync(new URL("../../../docs/filters.md", import.meta.url), "utf8");
const [, morePaths = "", otherTag = "", ownFilter = ""] = [...DOCS.matchAll(/^```ini\n([^`]*)^```$/gm)].map(
  ([, text]) => text!,
);

const FILES = {
  "filter.d/haproxy-paths.local": morePaths,
  "filter.d/haproxy-common.local": otherTag,
  "filter.d/own.conf": ownFilter,
  "jail.d/own.conf": "[own]\nenabled = true\nlogpath = /var/log/haproxy.log\n",
};
const NAMES = ["haproxy-paths", "haproxy-noserver", "own"];

const START = "edge[9]: 192.0.2.3:5 [22/Nov/2026:15:59:04.603] www app/";
const TAIL = '1/1/0/0/0 0/0 "GET /my-old-admin HTTP/1.1"';
const LINES = [
  { name: "a path of one's own", line: `${START}a1 0/0/0/1/1 404 1 - - ---- ${TAIL}`, jails: ["haproxy-paths"] },
  {
    name: "a filter of one's own",
    line: `${START}a1 0/0/0/1/1 402 1 - - ---- ${TAIL}`,
    jails: ["haproxy-paths", "own"],
  },
  {
    name: "its JSON",
    line: `{"client":"192.0.2.3","port":5,"time":"22/Nov/2026:15:59:04.603","frontend":"a","backend":"a","server":"a1","timers":"0/0/0/0/0","status":402,"bytes":0`,
    jails: ["own"],
  },
  {
    name: "an outage, mode any",
    line: `${START}<NOSRV> 0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`,
    jails: ["haproxy-noserver"],
  },
  { name: "a TCP outage, mode any", line: `${START}<NOSRV> -1/-1/0 0 SC 1/1/0/0/0 0/0`, jails: ["haproxy-noserver"] },
  {
    name: "the tag that is no more",
    line: `haproxy[9]: 192.0.2.3:5 [22/Nov/2026:15:59:04.603] www app/a1 0/0/0/1/1 404 1 - - ---- ${TAIL}`,
    jails: [],
  },
];

/** Fail2Ban's reader sees no jails here, so the mode is written where a jail's argument would put it. */
const MODE = "[Init]\nmode = any\n";

function withFail2ban(folder: string): Judge {
  cpSync(CONFIG, folder, { recursive: true });
  for (const [path, text] of Object.entries(FILES)) writeFileSync(join(folder, path), text);
  writeFileSync(join(folder, "filter.d/haproxy-noserver.local"), MODE);
  return fail2banJudge(NAMES, folder);
}

describe.each(["fleet2ban", "Fail2Ban"])("changes to the default configuration, read by %s", (name) => {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-changes-"));
  const skipped = name === "Fail2Ban" && !available(["fail2ban-regex", "python3"]);
  let judge: Judge;
  beforeAll(() => {
    const mode = { "jail.local": "[haproxy-noserver]\nfilter = haproxy-noserver[mode=any]\n" };
    if (!skipped) judge = name === "Fail2Ban" ? withFail2ban(folder) : fleet2banJudge(defaults({ ...FILES, ...mode }));
  });
  afterAll(() => {
    judge?.close();
    rmSync(folder, { recursive: true });
  });

  it.skipIf(skipped).each(LINES)("$name", async ({ line, jails }) => {
    const [verdict = {}] = await judge.judge([line]);
    expect(NAMES.filter((jail) => jail in verdict)).toEqual(jails);
  });
});
