/** A ban as a row, and back: rows come from the table, from the stream, and possibly from a person's hands. */
import { crc32 } from "node:zlib";
import { END_SHARDS } from "../../../contract/tables.ts";
import { parseNetwork, type Target } from "../../../core/address.ts";
import type { Ban } from "../../../core/ban.ts";
import {
  type FoundRow,
  number,
  numberOf,
  optional,
  type Row,
  text,
  textOf,
  texts,
  textsOf,
  ttl,
} from "./attributes.ts";
import { cutLines } from "./cut-lines.ts";

/** Bytes of all lines of a ban: two images of it travel in each stream record. */
const LINES_LIMIT = 64 * 1024;

/** What a row says. */
export type FoundBan =
  | { readonly kind: "ban"; readonly ban: Ban }
  | { readonly kind: "malformed"; readonly reason: string };

/** The ban as it will read back: too long lines cut. */
export function storable(ban: Ban): Ban {
  const matches = cutLines(ban.matches, LINES_LIMIT);
  return matches === ban.matches ? ban : { ...ban, matches };
}

/** The whole row, keys and index keys included. */
export function encodeBan(ban: Ban): Row {
  const { expiresAt } = ban;
  return {
    id: text(ban.id),
    jail: text(ban.jail),
    since: number(ban.since),
    ...(expiresAt !== undefined && { endsAt: number(expiresAt), endShard: text(endShard(ban.id)) }),
    ...ttl(expiresAt),
    generation: number(ban.generation),
    count: number(ban.count),
    failures: number(ban.failures),
    matches: texts(ban.matches),
    ...optional("source", ban.source === undefined ? undefined : text(ban.source)),
    actor: text(ban.actor),
    ruleset: text(ban.ruleset),
  };
}

/** The partition of the index by end. */
export function endShard(id: Target): string {
  return String(crc32(id) % END_SHARDS);
}

/** Reads a row; what is not a ban, with a canonical id, is malformed. */
export function decodeBan(row: FoundRow): FoundBan {
  const id = textOf(row, "id");
  if (id === undefined || parseNetwork(id) !== id) return malformed(`id ${JSON.stringify(id)} is no address`);
  const jail = textOf(row, "jail");
  if (jail === undefined) return malformed("there is no jail");
  const [since, generation] = [momentOf(row, "since"), momentOf(row, "generation")];
  if (since === undefined || generation === undefined) return malformed("since or generation is no time in ms");
  const expiresAt = momentOf(row, "endsAt");
  if (row.endsAt !== undefined && expiresAt === undefined) return malformed("endsAt is no time in ms");
  const matches = row.matches === undefined ? [] : textsOf(row, "matches");
  if (matches === undefined) return malformed("matches is no list of lines");
  return {
    kind: "ban",
    ban: {
      id: id as Target,
      jail,
      since,
      expiresAt,
      generation,
      count: numberOf(row, "count") ?? 1,
      failures: numberOf(row, "failures") ?? 0,
      matches,
      source: textOf(row, "source"),
      actor: textOf(row, "actor") ?? "unknown",
      ruleset: textOf(row, "ruleset") ?? "",
    },
  };
}

/** The generation that a row had, although it is no ban; 0 = none. What follows it needs a later one: hosts may know this. */
export function generationIn(row: FoundRow): number {
  return momentOf(row, "generation") ?? 0;
}

/** Beyond this (epoch ms; the year 33 658) no command carries a number, and one such row would stop every ban's way to the hosts. */
const LAST_MOMENT = 1e15;

function momentOf(row: FoundRow, name: string): number | undefined {
  const value = numberOf(row, name);
  return Number.isInteger(value) && value! >= 0 && value! < LAST_MOMENT ? value : undefined;
}

function malformed(reason: string): FoundBan {
  return { kind: "malformed", reason: `not a ban row: ${reason}` };
}
