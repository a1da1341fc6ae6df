/**
 * Jail names as the kernel knows them: Fail2Ban's "f2b-NAME" where that fits, a shortened name with a hash where not.
 *
 * A chain of iptables has at most 28 characters, an ipset 31; our sets are the chain's name and "/6" for IPv6, and nft
 * takes the same letters.
 */

/** The most that iptables takes. */
export const CHAIN_NAME_LENGTH = 28;

const PREFIX = "f2b-";
const HASH_LENGTH = 10;
const ROOM = CHAIN_NAME_LENGTH - PREFIX.length;
/** Names of this shape are always hashed themselves, so a plain name never equals a hashed one. */
const LOOKS_HASHED = /\.[0-9a-z]{10}$/;

/** The chain (and set) of a jail: a function of its name alone, so every part finds the same. Case counts. */
export function chainName(jail: string): string {
  const plain = /^[A-Za-z0-9_.-]+$/.test(jail) && jail.length <= ROOM && !LOOKS_HASHED.test(jail);
  if (plain) return `${PREFIX}${jail}`;
  const readable = jail.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, ROOM - HASH_LENGTH - 1);
  return `${PREFIX}${readable}.${hash(jail)}`;
}

/** FNV-1a over UTF-16 code units, 64 bit, in ten characters: names are the admin's, so no enemy picks them. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    value = BigInt.asUintN(64, (value ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return (value % 36n ** BigInt(HASH_LENGTH)).toString(36).padStart(HASH_LENGTH, "0");
}
