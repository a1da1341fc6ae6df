/**
 * Addresses: the only door through which text becomes something that may be banned.
 *
 * Fail2Ban takes "999.1.1.1" and "11:59:59" for addresses; a value of these types is always valid and
 * canonical, and an IPv4-mapped IPv6 address is the IPv4 address it means.
 */
import { isIP } from "node:net";
import { Address4, Address6 } from "ip-address";

declare const brand: unique symbol;
/** One canonical IPv4 or IPv6 address: "192.0.2.3", "2001:db8::1". */
export type IpAddress = string & { readonly [brand]: "ip" };
/** A canonical network, host bits cleared: "10.10.0.0/16", "2001:db8::/32". Never a single address. */
export type Network = string & { readonly [brand]: "network" };
/** What a jail can ban. */
export type Target = IpAddress | Network;
export type Family = "inet4" | "inet6";

/** The address that `text` means, or undefined where it means none: no octal, no zone, no shortened IPv4. */
export function parseIp(text: string): IpAddress | undefined {
  switch (isIP(text)) {
    case 4:
      return text as IpAddress;
    case 6: {
      if (text.includes("%")) return undefined;
      const address = new Address6(text);
      const value = address.bigInt();
      if (value >> 32n === 0xffffn) return fromBigInt(value & 0xffffffffn, "inet4");
      return address.correctForm() as IpAddress;
    }
    default:
      return undefined;
  }
}

/** A network in CIDR or netmask notation, host bits cleared as Fail2Ban does: "10.10.10.1/16" is 10.10.0.0/16. */
export function parseNetwork(text: string): Target | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return parseIp(text);
  const base = text.slice(0, slash);
  const address = parseIp(base);
  if (address === undefined) return undefined;
  const mapped = base.includes(":") && familyOf(address) === "inet4";
  const length = prefixLength(text.slice(slash + 1), familyOf(address), mapped);
  if (length === undefined) return undefined;
  if (length === bits(address)) return address;
  const start = toBigInt(address) & maskOf(length, bits(address));
  return `${fromBigInt(start, familyOf(address))}/${length}` as Network;
}

function prefixLength(text: string, family: Family, mapped: boolean): number | undefined {
  const width = family === "inet4" ? 32 : 128;
  if (/^\d{1,3}$/.test(text)) {
    const length = Number(text) - (mapped ? 96 : 0);
    return length >= 0 && length <= width ? length : undefined;
  }
  const mask = mapped ? undefined : parseIp(text);
  if (mask === undefined || familyOf(mask) !== family) return undefined;
  const inverse = ~toBigInt(mask) & maskOf(width, width);
  if ((inverse & (inverse + 1n)) !== 0n) return undefined;
  return width - inverse.toString(2).replace(/^0$/, "").length;
}

export function familyOf(target: Target): Family {
  return target.includes(":") ? "inet6" : "inet4";
}

/** Whether every address of `inner` lies in `outer`; families never mix. */
export function contains(outer: Target, inner: Target): boolean {
  if (familyOf(outer) !== familyOf(inner)) return false;
  const [outerBase, outerLength] = prefixOf(outer);
  const [innerBase, innerLength] = prefixOf(inner);
  return innerLength >= outerLength && (innerBase & maskOf(outerLength, bits(outer))) === outerBase;
}

/** The first address as a number, and the prefix length; a single address has its family's full length, 32 or 128. */
export function prefixOf(target: Target): [bigint, number] {
  const slash = target.indexOf("/");
  if (slash < 0) return [toBigInt(target as IpAddress), bits(target)];
  return [toBigInt(target.slice(0, slash) as IpAddress), Number(target.slice(slash + 1))];
}

function bits(target: Target): number {
  return familyOf(target) === "inet4" ? 32 : 128;
}

function maskOf(length: number, width: number): bigint {
  return ((1n << BigInt(length)) - 1n) << BigInt(width - length);
}

function toBigInt(address: IpAddress): bigint {
  if (familyOf(address) === "inet6") return new Address6(address).bigInt();
  // Asked several times per failing line, and known to be valid: the library would parse it by regex again.
  return BigInt(address.split(".").reduce((value, octet) => value * 256 + Number(octet), 0));
}

function fromBigInt(value: bigint, family: Family): IpAddress {
  const address = family === "inet4" ? Address4.fromBigInt(value) : Address6.fromBigInt(value);
  return address.correctForm() as IpAddress;
}
