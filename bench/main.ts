/** `npm run bench`: figures and ratios of one run, side by side with the peer. `-- --json` prints one object. */
import { parseArgs } from "node:util";
import { createMatcher } from "../shared/core/filter/matcher.ts";
import { openCloud } from "../test/lambdas/rig.ts";
import { measureAttack, measureFlood, measureQuiet, measureStorm } from "./economy.ts";
import { measureHostile } from "./hostile.ts";
import { benchJails } from "./jails.ts";
import { benchLines } from "./lines.ts";
import { type LookAround, measureLookAround, type Searches } from "./look-around.ts";
import { measureMemory } from "./memory.ts";
import { measurePeer } from "./peer.ts";
import { measureReady } from "./ready.ts";
import { measureThroughput } from "./throughput.ts";

const LINES = 200_000;
const PEER_LINES = 20_000;

const { values } = parseArgs({ options: { json: { type: "boolean" }, help: { type: "boolean" } } });
if (values.help) {
  process.stdout.write("npm run bench            figures and ratios\nnpm run bench -- --json  one JSON object\n");
  process.exit(0);
}
const say = (text: string) => process.stderr.write(`${text}\n`);

const jails = benchJails();
say(`${LINES} HAProxy lines, 1 % failures, ${jails.length} jails, Node ${process.version}, one core`);
const lines = benchLines(LINES, Date.UTC(2026, 10, 22, 16));
say("payload → base64 → gunzip → JSON → match → windows → decisions …");
const throughput = await measureThroughput(lines, jails);
say(`fail2ban-regex over ${PEER_LINES} of the lines, each filter once …`);
const peer = measurePeer(lines.slice(0, PEER_LINES), jails);
say("hostile lines …");
const { matcher } = createMatcher(jails, { localOffset: () => 0 });
const hostile = measureHostile(matcher);
say("100 000 ids …");
const idsMegabytes = await measureMemory(jails);
say("import to ready …");
const readyMs = await measureReady();

say("look-around: our own matcher and Python's re on the regexes of Fail2Ban's sshd …");
const lookAround = measureLookAround();
say("the cloud: a million lines through ingest onto tables of dynalite; takes some minutes …");
const cloud = await openCloud();
const quiet = await measureQuiet(cloud);
await cloud.engine.empty();
const flood = await measureFlood(cloud, { lines: 1_000_000, ids: 1_000, maxretry: 5 });
await cloud.engine.empty();
const watched = await measureFlood(cloud, { lines: 100_000, ids: 1_000, maxretry: 1_000 });
await cloud.engine.empty();
const attack = await measureAttack(cloud, 20, 10);
await cloud.engine.empty();
say("a thousand bans within a minute, four shards, under a clock of their own …");
const storm = await measureStorm(cloud, { bans: 1_000, shards: 4 });
await cloud.close();

const result = {
  linesPerSecond: Math.round(throughput.linesPerSecond),
  decodeLinesPerSecond: Math.round(throughput.decodeLinesPerSecond),
  decodeRatio: round(throughput.linesPerSecond / throughput.decodeLinesPerSecond),
  fail2banLinesPerSecond: peer === undefined ? null : Math.round(peer),
  fail2banRatio: peer === undefined ? null : round(throughput.linesPerSecond / peer),
  hostileRatio: round(hostile.ratio),
  hostileWorst: hostile.worst,
  idsMegabytes: round(idsMegabytes),
  readyMs: round(readyMs),
  bans: throughput.bans,
  requestsWithoutHit: quiet.withoutHit,
  requestsOfKnownIds: quiet.ofKnown,
  writesPerOffender: round(flood.writesPerOffender),
  writesPerOffenderUnbanned: round(watched.writesPerOffender),
  readsPerBatch: round(flood.readsPerBatch),
  attackRequestsPerBatch: round(attack.requestsPerBatch),
  commandsPerThousandBans: storm.commands,
  longestBanToCommandMs: storm.longestDelay,
  lookAround: lookAround === undefined ? null : roundedLookAround(lookAround),
};

if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else process.stdout.write(table());

function table(): string {
  const thousand = (value: number) => `${(value / 1000).toFixed(0)} k lines/s`;
  const rows = [
    ["whole path", thousand(result.linesPerSecond), `${result.bans} bans`],
    ["decode alone", thousand(result.decodeLinesPerSecond), "base64, gunzip, JSON.parse of every event"],
    ["  ratio", `${result.decodeRatio}`, "goal: at least 0.8"],
    result.fail2banLinesPerSecond === null
      ? ["fail2ban-regex", "not installed", "apt-get install fail2ban"]
      : ["fail2ban-regex", thousand(result.fail2banLinesPerSecond), "the same ten filters, one after another"],
    ["  ratio", `${result.fail2banRatio ?? "-"}`, "goal: at least 12"],
    [
      "hostile line",
      `${result.hostileRatio} x`,
      `an ordinary line of its length; goal: under 10; ${result.hostileWorst}`,
    ],
    ["100 000 ids in windows", `${result.idsMegabytes} MB`, ""],
    ["import to ready", `${result.readyMs} ms`, "ten jails compiled, first line matched"],
    [
      "cloud: writes",
      `${result.writesPerOffender}`,
      `per (id, jail, batch) of a million lines, ${flood.bans} bans included; goal: at most 1.1`,
    ],
    [
      "  where nobody is banned",
      `${result.writesPerOffenderUnbanned}`,
      "one is the window's, the rest the totals' of each batch",
    ],
    ["  reads", `${result.readsPerBatch}`, "requests a batch, each for all its ids; a ban adds one"],
    [
      "  no hit, known ids",
      `${result.requestsWithoutHit}, ${result.requestsOfKnownIds}`,
      "requests a batch; goal: none",
    ],
    [
      "  attack, 5 000/s",
      `${result.attackRequestsPerBatch}`,
      `requests a batch, ${attack.batches} batches of ${attack.lines} lines on twenty functions`,
    ],
    [
      "cloud: commands",
      `${result.commandsPerThousandBans}`,
      `for 1 000 bans within a minute; goal: at most 10; ${result.longestBanToCommandMs / 1000} s from ban to command at most`,
    ],
    ...lookAroundRows(),
  ];
  return `${rows.map(([name, figure, note]) => `${name!.padEnd(24)}${figure!.padStart(18)}  ${note}`.trimEnd()).join("\n")}\n`;
}

function roundedLookAround({ ordinary, failing, regexes, hostileGrowth }: LookAround) {
  const rounded = ({ lines: count, ours, python }: Searches) => ({
    lines: count,
    oursNs: round(ours),
    pythonNs: round(python),
    ratio: round(python / ours),
  });
  return { regexes, ordinary: rounded(ordinary), failing: rounded(failing), hostileGrowth: round(hostileGrowth) };
}

function lookAroundRows(): string[][] {
  if (result.lookAround === null) return [["look-around", "not measured", "apt-get install fail2ban"]];
  const { ordinary, failing, hostileGrowth } = result.lookAround;
  return [
    [
      "look-around, ordinary",
      `${ordinary.ratio} x`,
      `Python's re: ${ordinary.oursNs} ns a search, its ${ordinary.pythonNs}`,
    ],
    ["  failing lines", `${failing.ratio} x`, `${failing.oursNs} ns a search, its ${failing.pythonNs}`],
    ["  hostile growth", `${hostileGrowth}`, "time per byte at 64 KB over that at 1 KB; goal: flat"],
  ];
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
