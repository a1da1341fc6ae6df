/**
 * Totals as rows of the control table: each contribution goes to one of 64 shards by its name, so that hundreds of
 * writers do not meet on one row, and the shard remembers the names it took.
 *
 * As a rule a contribution is one write: "add, unless the name is in the list or the list is full". A full list is
 * trimmed to its newest names. A shard sees a 64th of the names, so the 48 it always keeps stand for 3 000 in a row;
 * that a shard gets more than 48 of a thousand names is less likely than one in ten million million.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { PortError } from "../../../ports/failure.ts";
import { type JailTotals, NO_TOTALS, type Totals } from "../../../ports/totals.ts";
import { type FoundRow, number, numberOf, text, texts, textsOf } from "./attributes.ts";
import { absent, both, either, headIs, lacks, shorterThan } from "./clause.ts";
import { at, KIND, NAME, ofKind } from "./control-keys.ts";
import type { Change, Table } from "./table.ts";

const SHARDS = 64;
const KEPT_NAMES = 48;
const FULL = 80;
const ATTEMPTS = 20;
/** Attribute of each figure: its letter, a space, the jail. */
const FIGURES = { failed: "f", banned: "b", ignored: "i" } as const satisfies Record<keyof JailTotals, string>;

export function createTotalsRows(table: Table): Totals {
  return {
    async add(name, by) {
      const key = at(KIND.totals, shardOf(name));
      const short = shortened(name);
      const noShardYet = absent(NAME);
      const itIsNew = lacks("names", text(short));
      const thereIsRoom = shorterThan("names", number(FULL));
      const figures = addition(by);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const mayJoin = either(noShardYet, both(itIsNew, thereIsRoom));
        if ((await table.update(key, appended(short, figures), mayJoin)).kind === "written") return;
        const row = await table.get(key);
        const names = (row === undefined ? undefined : textsOf(row, "names")) ?? [];
        if (names.includes(short)) return;
        if (names.length < FULL) continue;
        // A full list changes by a trim only, and a trim takes its head away.
        const nobodyTrimmedIt = headIs("names", text(names[0]!));
        const trimmed = replaced([...names.slice(-KEPT_NAMES), short], figures);
        if ((await table.update(key, trimmed, nobodyTrimmedIt)).kind === "written") return;
      }
      throw new PortError("too-busy", "a row of the totals never rested", "Deliver the batch again.");
    },
    async read() {
      const totals = new Map<string, JailTotals>();
      for await (const row of table.query({ key: ofKind(KIND.totals), consistent: true })) sum(row, totals);
      return totals;
    },
  };
}

function appended(name: string, figures: Change): Change {
  return {
    text: `SET #names = list_append(if_not_exists(#names, :empty), :name)${figures.text}`,
    names: { "#names": "names", ...figures.names },
    values: { ":empty": texts([]), ":name": texts([name]), ...figures.values },
  };
}

function replaced(names: readonly string[], figures: Change): Change {
  return {
    text: `SET #names = :names${figures.text}`,
    names: { "#names": "names", ...figures.names },
    values: { ":names": texts(names), ...figures.values },
  };
}

/** "ADD" is safe only beside the name that guards it. Jails stand in attribute names, so these travel by number. */
function addition(by: ReadonlyMap<string, JailTotals>): Change {
  const figures = [...by].flatMap(([jail, totals]) =>
    Object.entries(FIGURES).flatMap(([figure, letter]) => {
      const more = totals[figure as keyof JailTotals];
      return more === 0 ? [] : [{ attribute: `${letter} ${jail}`, more }];
    }),
  );
  return {
    text: figures.length === 0 ? "" : ` ADD ${figures.map((_, nth) => `#f${nth} :f${nth}`).join(", ")}`,
    names: Object.fromEntries(figures.map(({ attribute }, nth) => [`#f${nth}`, attribute])),
    values: Object.fromEntries(figures.map(({ more }, nth) => [`:f${nth}`, number(more)])),
  };
}

function sum(row: FoundRow, totals: Map<string, JailTotals>): void {
  for (const [figure, letter] of Object.entries(FIGURES)) {
    for (const attribute of Object.keys(row).filter((name) => name.startsWith(`${letter} `))) {
      const jail = attribute.slice(2);
      const before = totals.get(jail) ?? NO_TOTALS;
      const more = numberOf(row, attribute) ?? 0;
      totals.set(jail, { ...before, [figure]: before[figure as keyof JailTotals] + more });
    }
  }
}

function shardOf(name: string): string {
  return String(crc32(name) % SHARDS).padStart(2, "0");
}

/** 72 bits: of a hundred names in a row no two are ever the same by chance. */
function shortened(name: string): string {
  return createHash("sha256").update(name).digest("base64url").slice(0, 12);
}
