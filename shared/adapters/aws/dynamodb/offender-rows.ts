/**
 * Histories of bans as rows of the control table, one partition an id.
 *
 * Noting a ban is `noteBan` of the core said in conditions: one write as a rule, two where the ban is a renewal or is
 * noted already. The greater generation guards the count, so a repetition adds nothing.
 */
import type { Target } from "../../../core/address.ts";
import type { Ban } from "../../../core/ban.ts";
import { forgetOffenceAt, type Offence, pardonOffence } from "../../../core/detect/offence.ts";
import { PortError } from "../../../ports/failure.ts";
import type { Offenders } from "../../../ports/offenders.ts";
import { type FoundRow, number, numberOf, textOf, ttl } from "./attributes.ts";
import { absent, below, both, type Clause, either, equal, unequal } from "./clause.ts";
import { at, KIND, NAME, ofKind } from "./control-keys.ts";
import type { Change, Table } from "./table.ts";

const ATTEMPTS = 10;

export function createOffenderRows(table: Table): Offenders {
  return {
    async history(id) {
      const offences: Offence[] = [];
      for await (const row of table.query({ key: ofKind(KIND.offender(id)), consistent: true })) {
        const offence = offenceOf(id, row);
        if (offence !== undefined) offences.push(offence);
      }
      return offences;
    },
    async record(ban) {
      const key = at(KIND.offender(ban.id), ban.jail);
      const noHistory = absent(NAME);
      const itIsNewer = below("generation", number(ban.generation));
      const itBeganElsewhen = unequal("since", number(ban.since));
      const itWasPardoned = equal("count", number(0));
      const another = either(noHistory, both(itIsNewer, either(itBeganElsewhen, itWasPardoned)));
      if ((await table.update(key, noted(ban, 1), another)).kind === "written") return;
      // The same ban, renewed; or one that is noted already, and then this is refused too.
      await table.update(key, noted(ban, 0), itIsNewer);
    },
    async pardon({ id, jail }, when) {
      const key = at(KIND.offender(id), jail);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const row = await table.get(key);
        const offence = row === undefined ? undefined : offenceOf(id, row);
        if (offence === undefined) return;
        const pardoned = pardonOffence(offence, when);
        const nothingNewer = equal("generation", number(offence.generation));
        if ((await table.update(key, forgiven(pardoned), nothingNewer)).kind === "written") return;
      }
      throw new PortError("too-busy", `the history of ${id} in ${jail} never rested`, "Try again in a moment.");
    },
  };
}

/** The row of `noteBan`: what the ban says, and one more or none. */
function noted(ban: Ban, more: 0 | 1): Change {
  return assign(
    { since: ban.since, generation: ban.generation, until: ban.expiresAt, ttl: ttlOf(ban.since, ban.expiresAt) },
    { name: "count", more },
  );
}

function forgiven({ since, until, count }: Offence): Change {
  return assign({ until, count, ttl: ttlOf(since, until) });
}

function ttlOf(since: number, until: number | undefined): number | undefined {
  const forgetAt = forgetOffenceAt({ since, until } as Offence);
  const attribute = ttl(forgetAt).ttl?.N;
  return attribute === undefined ? undefined : Number(attribute);
}

/** Sets attributes, removes those that are undefined, and adds to one that may not be there yet. */
function assign(
  attributes: Readonly<Record<string, number | undefined>>,
  raised?: { readonly name: string; readonly more: number },
): Change {
  const entries = Object.entries(attributes);
  const set = entries.flatMap(([name, value]) => (value === undefined ? [] : [`#${name} = :${name}_new`]));
  const removed = entries.flatMap(([name, value]) => (value === undefined ? [`#${name}`] : []));
  const names = Object.fromEntries(entries.map(([name]) => [`#${name}`, name]));
  const values: Clause["values"] = Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[`:${name}_new`, number(value)]])),
  );
  if (raised === undefined) return { text: sentence(set, removed), names, values };
  const { name, more } = raised;
  return {
    text: sentence([...set, `#${name} = if_not_exists(#${name}, :none) + :more`], removed),
    names: { ...names, [`#${name}`]: name },
    values: { ...values, ":none": number(0), ":more": number(more) },
  };
}

function sentence(set: readonly string[], removed: readonly string[]): string {
  return `SET ${set.join(", ")}${removed.length === 0 ? "" : ` REMOVE ${removed.join(", ")}`}`;
}

/** Undefined where the row is none of ours. */
function offenceOf(id: Target, row: FoundRow): Offence | undefined {
  const jail = textOf(row, NAME);
  const [count, since, generation] = [numberOf(row, "count"), numberOf(row, "since"), numberOf(row, "generation")];
  if (jail === undefined || count === undefined || since === undefined || generation === undefined) return undefined;
  return { id, jail, count, since, until: numberOf(row, "until"), generation };
}
