/** Runs in its own process: prints the ms from its first import to the first match. */
import { performance } from "node:perf_hooks";

const start = performance.timeOrigin + performance.now();
const { benchJails } = await import("./jails.ts");
const { createMatcher } = await import("../shared/core/filter/matcher.ts");
const { matcher } = createMatcher(benchJails(process.argv[2]), { localOffset: () => 0 });
const text =
  'haproxy[1]: 192.0.2.3:1 [22/Nov/2026:16:00:00.000] w w/<NOSRV> 0/-1/-1/-1/0 401 1 - - LR-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"';
const { failures } = matcher.match([{ id: "1", stream: "s", at: Date.UTC(2026, 10, 22, 16), text }]);
if (failures.length === 0) throw new Error("the line was not matched");
process.stdout.write(`${performance.timeOrigin + performance.now() - start}`);
