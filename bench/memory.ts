/** How much memory 100 000 ids in windows take. */
import type { JailConfig } from "../shared/core/config/model.ts";
import type { LogEvent } from "../shared/core/filter/event.ts";
import { startEngine } from "./engine.ts";

const IDS = 100_000;
const START = Date.UTC(2026, 10, 22, 16);

/** Megabytes by which heap and buffers grow when 100 000 addresses have one failure each. */
export async function measureMemory(jails: readonly JailConfig[]): Promise<number> {
  const engine = await startEngine(jails);
  await engine.ingest(events(0, 1000));
  const before = used();
  for (let from = 1000; from < IDS; from += 1000) await engine.ingest(events(from, from + 1000));
  const grown = used() - before;
  const watched = await engine.state.windows.watched("haproxy-auth", START - 1);
  if (watched !== IDS) throw new Error(`${watched} ids are in windows, not ${IDS}`);
  await engine.state.close();
  return grown / 1e6;
}

function events(from: number, to: number): LogEvent[] {
  return Array.from({ length: to - from }, (_, offset) => {
    const index = from + offset;
    const client = `100.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
    const text =
      `2026-11-22T16:00:00.000000+00:00 lb haproxy[760]: ${client}:50255 [22/Nov/2026:16:00:00.000] ` +
      'www www/<NOSRV> 0/-1/-1/-1/0 401 246 - - LR-- 1/1/0/0/0 0/0 "GET /admin HTTP/1.1"';
    return { id: `2049:131073:${index * 200}`, stream: "/var/log/haproxy.log", at: START, text };
  });
}

function used(): number {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
