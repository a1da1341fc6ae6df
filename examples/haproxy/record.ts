/**
 * Records haproxy.log and expected.json anew: `npx tsx examples/haproxy/record.ts`, as root, by hand.
 *
 * Real clients, real HAProxys, in a network namespace of their own that goes when this process goes. What must be
 * counted and banned is told from what the clients sent and saw, never from the log.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { KINDS, visit } from "./clients.ts";
import { moveLine } from "./lapse.ts";
import { type Act, ATTACKERS, addresses, SCENES, type Scene } from "./scenario.ts";
import {
  HOSTS,
  makeCertificate,
  startBroker,
  startHaproxy,
  startShop,
  type Taken,
  takeAddresses,
  takeLog,
} from "./stage.ts";

const FIRST_MINUTE = Date.parse("2026-11-22T06:00:00Z");
/** Between two connections of one act, ms: short enough for a scene of a second, long enough to keep their order. */
const PACE = 4;

/** Until HAProxy's health check has noticed that the shop is gone, or back; ms. */
const HEALTH = 300;

interface Counted {
  readonly jail: string;
  readonly address: string;
}

if (process.argv[2] === "inside") await record();
else process.exitCode = enterNamespace();

/** Runs this file again in a network namespace that has no name and ends with its last process. */
function enterNamespace(): number {
  if (process.getuid?.() !== 0) throw new Error("record.ts needs root: it makes a network namespace");
  const again = [process.execPath, "--import", "tsx", fileURLToPath(import.meta.url), "inside"];
  return spawnSync("unshare", ["--net", ...again], { stdio: "inherit" }).status ?? 1;
}

async function record(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-record-"));
  takeAddresses([...HOSTS.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]), ...addresses()]);
  const log = await takeLog();
  const broker = await startBroker();
  const pem = makeCertificate(folder);
  const children = HOSTS.map((host) => startHaproxy(host, pem));
  try {
    await sleep(1000);
    const { lines, counted } = await play(log);
    writeFileSync(new URL("./haproxy.log", import.meta.url), `${lines.join("\n")}\n`, "latin1");
    writeFileSync(new URL("./expected.json", import.meta.url), `${JSON.stringify(expected(counted), undefined, 2)}\n`);
    console.log(`${lines.length} lines, ${counted.length} failures`);
  } finally {
    for (const child of children) child.kill();
    broker.close();
    log.close();
    rmSync(folder, { recursive: true });
  }
}

/** Plays every scene and moves its lines to where it belongs in the day. */
async function play(log: Taken): Promise<{ lines: string[]; counted: Counted[] }> {
  const lines: string[] = [];
  const counted: Counted[] = [];
  let shop = await startShop();
  await sleep(HEALTH);
  for (const scene of SCENES) {
    const start = Date.now();
    log.lines.length = 0;
    if (scene.outage) {
      shop.close();
      await sleep(HEALTH);
    }
    counted.push(...(await Promise.all(scene.acts.map(perform))).flat());
    if (scene.outage) shop = await startShop();
    await sleep(scene.outage ? HEALTH : 150);
    checkCount(log.lines, scene);
    const offset = FIRST_MINUTE + scene.minute * 60_000 - Math.floor(start / 1000) * 1000;
    lines.push(...log.lines.map((line) => moveLine(line, offset, new Date(start).getUTCFullYear())));
    console.log(`minute ${scene.minute}: ${log.lines.length} lines, ${Date.now() - start} ms`);
  }
  shop.close();
  return { lines, counted };
}

/** One client's visits, one after the other without waiting for the answers. */
async function perform(act: Act): Promise<Counted[]> {
  const visits: Promise<Counted[]>[] = [];
  for (let nth = 0; nth < act.times; nth += 1) {
    const host = HOSTS.find(({ name }) => name === act.at) ?? HOSTS[nth % HOSTS.length]!;
    const to = act.who.includes(":") ? host.ipv6 : host.ipv4;
    visits.push(
      visit({ from: act.who, to }, act.does, nth).then((saw) =>
        KINDS[act.does].jails(saw).map((jail) => ({ jail, address: act.who })),
      ),
    );
    await sleep(PACE);
  }
  return (await Promise.all(visits)).flat();
}

/** Every connection that sent something is in the log exactly once, or the recording is worth nothing. */
function checkCount(lines: readonly string[], scene: Scene): void {
  const sent = scene.acts.filter(({ does }) => does !== "untouched").reduce((sum, { times }) => sum + times, 0);
  const logged = lines.filter((line) => !/haproxy\[\d+\]: (?:Server|backend|Health) /.test(line)).length;
  if (sent !== logged)
    throw new Error(`minute ${scene.minute}: ${sent} connections sent something, ${logged} lines came`);
}

function expected(counted: readonly Counted[]): object {
  const failures: Record<string, Record<string, number>> = {};
  for (const { jail, address } of counted) {
    failures[jail] ??= {};
    failures[jail][address] = (failures[jail][address] ?? 0) + 1;
  }
  const innocent = addresses().filter((address) => !Object.values(ATTACKERS).flat().includes(address));
  return { banned: ATTACKERS, neverBanned: innocent, failures };
}
