/**
 * From a match's groups to who failed. Fail2Ban's order: an own id (`<F-ID>`) before the address, IPv4 before IPv6 before a
 * name; but where there is a name and no address, and names are not taken raw, the name goes before an own id. Unlike
 * Fail2Ban, text that is no valid address is refused, never banned.
 */
import { parseNetwork } from "../address.ts";
import type { UseDns } from "../config/model.ts";
import type { Suspect } from "./event.ts";

export type Groups = Readonly<Record<string, string | undefined>>;

export type Identity = Suspect | { readonly kind: "refused"; readonly text: string };

/** The address, name or text itself, of whatever kind; "" where nothing says who. */
export function identityText(identity: Identity): string {
  switch (identity.kind) {
    case "address":
      return identity.id;
    case "name":
      return identity.name;
    case "refused":
      return identity.text;
  }
}

export function identify(groups: Groups, usedns: UseDns): Identity {
  const address = groups.ip4 ?? groups.ip6;
  const named = address === undefined && groups.dns !== undefined && usedns !== "raw";
  if (groups.fid !== undefined && groups.fid !== address && !named) {
    return toAddress(usedns === "raw" ? groups.fid : bare(groups.fid), undefined);
  }
  if (address !== undefined) return toAddress(address, groups.cidr);
  if (groups.dns === undefined) return { kind: "refused", text: "" };
  const literal = toAddress(groups.dns, undefined);
  if (literal.kind === "address") return literal;
  switch (usedns) {
    case "yes":
    case "warn":
      return { kind: "name", name: groups.dns };
    case "no":
    case "raw":
      return literal;
  }
}

/** An address of an own id may stand in brackets, as one does before a port. */
function bare(text: string): string {
  return text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
}

function toAddress(text: string, cidr: string | undefined): Identity {
  const id = parseNetwork(cidr === undefined ? text : `${text}/${cidr}`);
  return id === undefined ? { kind: "refused", text } : { kind: "address", id };
}
