/**
 * The victim of the crash test: commits numbered batches for ever, each with the same number in every table, and says
 * each number once the batch is durable. Argument: the state's folder.
 */
import { openLocalState } from "../../../shared/adapters/local/state/local-state.ts";
import { parseNetwork } from "../../../shared/core/address.ts";
import { sampleBan, sampleFailure } from "../../contracts/samples.ts";

const state = await openLocalState(process.argv[2]!);
for (let n = Number((await state.offsets.all()).get("log") ?? "0") + 1; ; n++) {
  await state.batch(async () => {
    const id = parseNetwork(`10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`)!;
    const padding = "x".repeat((n * 37) % 3_000);
    await state.windows.save(
      { jail: "web", id },
      { failures: [sampleFailure(n, { line: padding })], closed: undefined },
      0,
      n,
    );
    await state.bans.put(sampleBan({ id, since: n, expiresAt: n + 1, generation: n, matches: [padding] }));
    await state.offenders.record(sampleBan({ id, since: n, generation: n }));
    await state.totals.add(`batch ${n}`, new Map([["web", { failed: 1, banned: 0, ignored: 0 }]]));
    await state.offsets.set("log", String(n));
  });
  process.stdout.write(`${n}\n`);
}
