/** A host that is in sync, and a receipt that says so; a test changes what it is about. */

import { NO_COUNTS, type Receipt } from "../../../shared/core/firewall/receipt.ts";
import type { Sighting, Standard } from "../../../shared/core/fleet/host-state.ts";

export const NOW = 1_763_846_400_000;

export function receipt(more: Partial<Receipt> = {}): Receipt {
  return {
    kind: "done",
    script: "1.0.0",
    mode: "apply",
    backend: "nft",
    ipv6: true,
    bootId: "boot-1",
    at: NOW,
    digest: "1-1",
    faults: [],
    refusals: [],
    notes: [],
    ...NO_COUNTS,
    bans: 1,
    ...more,
  };
}

export function sighting(more: Partial<Sighting> = {}): Sighting {
  return {
    online: true,
    seenAt: NOW - 5_000,
    agent: "3.3.2746.0",
    reply: receipt(),
    bootBefore: "boot-1",
    differsSince: undefined,
    revision: 7,
    ...more,
  };
}

export function standard(more: Partial<Standard> = {}): Standard {
  return { script: "1.0.0", oldestAgent: "3.3.2746.0", revision: 7, bans: () => "agree", now: NOW, ...more };
}
