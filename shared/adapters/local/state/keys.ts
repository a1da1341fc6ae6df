/**
 * Keys of the local state. The first letter is the table; jails are escaped, so that "/" and "|" separate; what is
 * read as a range ends in the separator.
 *
 *   w/JAIL/ID window    b/JAIL/ID ban      e/END/JAIL/ID bans by end    i/ID|JAIL bans by id
 *   o/ID|JAIL offence   h/JAIL/ID held     c/SETTING control            k/JAIL breaker
 *   l/JAIL/STREAM what filters remember of a log stream
 *   t/JAIL totals       n/SLOT, N/NAME names already added to them      f/FILE offset      x/SEQ change      m/… counters
 */
import type { BanKey } from "../../../core/detect/key.ts";

/** "w/sshd/192.0.2.1". */
export function keyIn(table: "w" | "b" | "h", { jail, id }: BanKey): string {
  return `${table}/${encodeURIComponent(jail)}/${id}`;
}

/** The range of one jail's rows. */
export function jailRange(table: "w" | "b" | "h", jail: string): readonly [from: string, to: string] {
  return prefixRange(`${table}/${encodeURIComponent(jail)}/`);
}

/** "i/192.0.2.1|sshd": rows of one id over all jails are neighbours. */
export function idKey(table: "i" | "o", { jail, id }: BanKey): string {
  return `${table}/${id}|${encodeURIComponent(jail)}`;
}

export function idRange(table: "i" | "o", id: string): readonly [from: string, to: string] {
  return prefixRange(`${table}/${id}|`);
}

/** The jail in a key that idKey made. */
export function jailOfIdKey(key: string): string {
  return decodeURIComponent(key.slice(key.lastIndexOf("|") + 1));
}

/** "e/0001700000000000/sshd/192.0.2.1": the order of the keys is the order of the ends (epoch ms). */
export function endKey(end: number, ban: BanKey): string {
  return `e/${sortable(end)}/${keyIn("b", ban)}`;
}

/** The ban row that a key of endKey points at. */
export function banOfEndKey(key: string): string {
  return key.slice(key.indexOf("/", 2) + 1);
}

/** A number whose order as text is its order as a number. */
export function sortable(value: number): string {
  return String(Math.max(0, Math.trunc(value))).padStart(16, "0");
}

/** Every key with this prefix; the prefix ends in a separator, whose successor in ASCII ends the range. */
export function prefixRange(prefix: string): readonly [from: string, to: string] {
  return [prefix, `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`];
}
