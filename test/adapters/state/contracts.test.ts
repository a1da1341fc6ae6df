import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createMemoryState,
  type LocalState,
  openLocalState,
} from "../../../shared/adapters/local/state/local-state.ts";
import { bansContract } from "../../contracts/bans.contract.ts";
import { breakersContract, controlContract, holdsContract } from "../../contracts/control.contract.ts";
import { lineStatesContract } from "../../contracts/line-states.contract.ts";
import { offendersContract } from "../../contracts/offenders.contract.ts";
import type { OpenSubject } from "../../contracts/subject.ts";
import { totalsContract } from "../../contracts/totals.contract.ts";
import { windowsContract } from "../../contracts/windows.contract.ts";

const places: readonly (readonly [name: string, open: () => Promise<LocalState>])[] = [
  ["memory", createMemoryState],
  ["LevelDB", openInTemporaryFolder],
];

for (const [name, open] of places) {
  windowsContract(name, part(open, "windows"));
  bansContract(name, part(open, "bans"));
  offendersContract(name, part(open, "offenders"));
  controlContract(name, part(open, "control"));
  breakersContract(name, part(open, "breakers"));
  holdsContract(name, part(open, "holds"));
  totalsContract(name, part(open, "totals"));
  lineStatesContract(name, part(open, "lineStates"));
}

function part<Name extends keyof LocalState>(
  open: () => Promise<LocalState>,
  name: Name,
): OpenSubject<LocalState[Name]> {
  return async () => {
    const state = await open();
    return {
      port: state[name],
      run: state.batch,
      changes: async () => (await state.journal.pending(1_000)).map(({ change }) => change),
      close: state.close,
    };
  };
}

async function openInTemporaryFolder(): Promise<LocalState> {
  const folder = await mkdtemp(join(tmpdir(), "fleet2ban-state-"));
  const state = await openLocalState(folder);
  return {
    ...state,
    async close() {
      await state.close();
      await rm(folder, { recursive: true });
    },
  };
}
