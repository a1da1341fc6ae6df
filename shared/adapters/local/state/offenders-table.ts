/** Histories of bans in the local state. */

import type { BanKey } from "../../../core/detect/key.ts";
import { noteBan, type Offence, pardonOffence } from "../../../core/detect/offence.ts";
import type { Offenders } from "../../../ports/offenders.ts";
import { idKey, idRange } from "./keys.ts";
import type { Overlay } from "./overlay.ts";

export function createOffendersTable(overlay: Overlay): Offenders {
  const read = (key: BanKey) => {
    const text = overlay.get(idKey("o", key));
    return text === undefined ? undefined : decodeOffence(text);
  };
  const store = (offence: Offence) => overlay.set(idKey("o", offence), JSON.stringify(offence));
  return {
    async history(id) {
      const offences: Offence[] = [];
      for await (const [, text] of overlay.range(...idRange("o", id))) offences.push(decodeOffence(text));
      return offences;
    },
    async record(ban) {
      const offence = read(ban);
      const noted = noteBan(offence, ban);
      if (noted !== offence) store(noted);
    },
    async pardon(key, at) {
      const offence = read(key);
      if (offence !== undefined) store(pardonOffence(offence, at));
    },
  };
}

export function decodeOffence(text: string): Offence {
  const offence = JSON.parse(text) as Offence;
  return { ...offence, until: offence.until };
}
