/** Closes a window from outside the counting: a person banned or pardoned the id. */
import { type BanKey, keyText } from "../core/detect/key.ts";
import { type Closed, close, forgetAt, type WindowPolicy } from "../core/detect/window.ts";
import type { Windows } from "../ports/windows.ts";
import { type Backoff, retryConflicts } from "./retry-conflicts.ts";

export interface SettleDeps {
  readonly windows: Windows;
  readonly backoff: Backoff;
}

/** Settles every failure before `closed.until`; throws PortError "too-busy" where the row never rests. */
export async function settleWindow(key: BanKey, closed: Closed, policy: WindowPolicy, deps: SettleDeps): Promise<void> {
  await retryConflicts(`the window of ${keyText(key)}`, deps.backoff, async () => {
    const [stored] = await deps.windows.load([key]);
    const window = close(stored!.window, closed);
    return deps.windows.save(key, window, stored!.version, forgetAt(window, policy));
  });
}
