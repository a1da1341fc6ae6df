/**
 * What an action of Fail2Ban means here: a block in the host's firewall, or a mail.
 *
 * Values that end up near a shell or in a mail's head are held to a narrow grammar on the way in.
 */
import type { FirewallEntry, MailEntry } from "./action-catalogue.ts";
import { ACTION_CATALOGUE } from "./action-catalogue.ts";
import { jailFault } from "./config-fault.ts";
import type { LocatedText } from "./located-text.ts";
import type { ActionConfig } from "./model.ts";
import { nearest } from "./nearest.ts";
import type { Problem, ProblemCode } from "./problem.ts";
import type { ResolvedAction } from "./resolve-action.ts";
import { unknownAction } from "./resolve-action.ts";
import { substituteTags } from "./tags.ts";

/** An action and what is to be said about it. */
export interface MappedAction {
  readonly action: ActionConfig;
  readonly warnings: readonly Problem[];
}

/** What a jail tells its actions only through `action_` and its kin. */
export interface JailPorts {
  readonly jail: string;
  readonly port: string | undefined;
}

/** Maps a resolved action; throws a ConfigFault (breadth jail) for one that we lack or for a value that is out of bounds. */
export function mapAction(resolved: ResolvedAction, jail: JailPorts): MappedAction {
  const entry = ACTION_CATALOGUE.get(resolved.name);
  if (entry === undefined) throw unknownAction(resolved.name, resolved.place);
  const warn = (code: ProblemCode, message: string, next: string): Problem => {
    return { code, severity: "warning", message, place: resolved.place, jail: jail.jail, next };
  };
  const warnings: Problem[] = [];
  if (entry.loses !== undefined) {
    warnings.push(
      warn("lossy-action", `${resolved.name} ${entry.loses}`, "Nothing needs to be done if you can do without."),
    );
  }
  warnings.push(...strangeArguments(resolved, entry, warn));
  if (entry.kind === "mail") return { action: mailAction(resolved, entry), warnings };
  const action = firewallAction(resolved, entry);
  warnings.push(...portWarnings(resolved, action, jail, warn), ...familyWarnings(resolved, action, warn));
  return { action, warnings };
}

type Warn = (code: ProblemCode, message: string, next: string) => Problem;
type FirewallAction = Extract<ActionConfig, { kind: "firewall" }>;

const CHAIN = /^[A-Za-z0-9_][\w.-]{0,28}(?:,[A-Za-z0-9_][\w.-]{0,28})*$/;
const PROTOCOL = /^[a-z][a-z0-9-]{0,15}(?:,[a-z][a-z0-9-]{0,15})*$/;
const BLOCKTYPE = /^[A-Za-z][\w -]{0,100}$/;
const PORT = /^(?:[a-z][\w.+-]*|\d{1,5}(?:[:-]\d{1,5})?)$/i;

function firewallAction(resolved: ResolvedAction, entry: FirewallEntry): FirewallAction {
  const type = resolved.reading.lookUp("type")?.text ?? entry.type;
  if (!["oneport", "multiport", "allports"].includes(type)) {
    const message = `${resolved.name} has no type ${JSON.stringify(type)}`;
    throw jailFault("unsupported-option", message, resolved.place, "Use type=oneport, multiport or allports.");
  }
  const value = (name: string, grammar: RegExp) => checked(resolved, name, grammar);
  refuseInversion(resolved, value("blocktype", BLOCKTYPE));
  return {
    kind: "firewall",
    name: resolved.name,
    ports: type === "allports" ? "all" : ports(resolved),
    protocol: value("protocol", PROTOCOL),
    // The chain of an nftables action is its own; where it stands in the packet's way is its hook.
    chain: entry.family === "nftables" ? value("chain_hook", CHAIN).toUpperCase() : value("chain", CHAIN),
    blocktype: value("blocktype", BLOCKTYPE),
  };
}

/** blocktype=RETURN with returntype=DROP shuts everybody out but the "banned": the sets here can only shut out. */
function refuseInversion(resolved: ResolvedAction, blocktype: string): void {
  const returntype = resolved.given.get("returntype")?.text ?? "RETURN";
  if (returntype === "RETURN" && !/^(?:RETURN|ACCEPT)$/i.test(blocktype)) return;
  const message = `${resolved.name} with blocktype ${blocktype} and returntype ${returntype} lets the banned in and others not`;
  throw jailFault("unsupported-option", message, resolved.place, "Only blocking is supported: take both out.");
}

function ports(resolved: ResolvedAction): string {
  const { text } = parameter(resolved, "port");
  const items = text.split(",").map((item) => item.trim());
  for (const item of items) {
    const numbers = item.split(/[:-]/).map(Number);
    const outOfRange = /^\d/.test(item) && (numbers.some((port) => port > 65_535) || numbers[0]! > numbers.at(-1)!);
    if (!PORT.test(item) || outOfRange) throw badParameter(resolved, "port", item);
  }
  return items.join(",");
}

function mailAction(resolved: ResolvedAction, entry: MailEntry): ActionConfig {
  const header = /^[^\p{Cc}]{1,500}$/u;
  return {
    kind: "mail",
    name: resolved.name,
    dest: checked(resolved, "dest", header),
    sender: entry.program === "sendmail" ? checked(resolved, "sender", header) : "root",
    subjectName: checked(resolved, "name", header),
    whois: entry.whois,
    lines: entry.lines,
  };
}

function checked(resolved: ResolvedAction, name: string, grammar: RegExp): string {
  const { text } = parameter(resolved, name);
  if (!grammar.test(text)) throw badParameter(resolved, name, text);
  return text;
}

function badParameter(resolved: ResolvedAction, name: string, value: string) {
  const message = `${resolved.name} cannot take ${name}=${JSON.stringify(value)}`;
  return jailFault(
    "bad-value",
    message,
    resolved.place,
    `Correct ${name} in the brackets, or the option it comes from.`,
  );
}

/** A parameter as it is for an IPv4 address. */
function parameter(resolved: ResolvedAction, name: string, condition = "family=inet4"): LocatedText {
  const { combined, reading } = resolved;
  const wanted = combined.get(`${name}?${condition}`) ?? combined.get(name) ?? { text: "", places: [resolved.place] };
  const rules = { ignore: new Set<string>(), lookUp: reading.lookUp, condition };
  return substituteTags(new Map([...combined, [" value", wanted]]), rules).get(" value")!;
}

/** A bare action blocks its own default port, ssh, whatever the jail's port is: so in Fail2Ban, and so here. */
function portWarnings(resolved: ResolvedAction, { ports, name }: FirewallAction, { port }: JailPorts, warn: Warn) {
  if (ports === "all" || resolved.given.has("port") || ports === port) return [];
  const message = `${name} blocks port ${ports} only: it gets no port from the jail`;
  const next = `Write ${name}[port="${port ?? "http,https"}"], or banaction = ${name} in place of action.`;
  return [warn("bad-value", message, next)];
}

/** One blocktype serves both families; that of IPv6 may differ only as its ICMP does. */
function familyWarnings(resolved: ResolvedAction, { blocktype, name }: FirewallAction, warn: Warn): Problem[] {
  if (resolved.given.has("blocktype")) return [];
  const inet6 = parameter(resolved, "blocktype", "family=inet6").text;
  if (inet6 === blocktype || inet6 === blocktype.replace("icmp-", "icmp6-")) return [];
  const message = `${name} would block IPv6 with ${JSON.stringify(inet6)}; here it is ${JSON.stringify(blocktype)} as for IPv4`;
  return [warn("lossy-action", message, "Give both families the same blocktype.")];
}

/** Arguments that have a meaning here, or that the customary action_mwl hands to everything. */
const MEANT = new Set(["name", "actname", "port", "protocol", "chain", "chain_hook", "blocktype", "type", "logpath"]);
const MEANT_BY_MAIL = new Set(["dest", "sender", "sendername"]);

function strangeArguments(resolved: ResolvedAction, entry: FirewallEntry | MailEntry, warn: Warn): Problem[] {
  const { given, reading, name } = resolved;
  const meant = (key: string) => MEANT.has(key) || (entry.kind === "mail" && MEANT_BY_MAIL.has(key));
  const known = [...reading.parameters.keys(), ...reading.options.keys()].filter((key) => !given.has(key));
  return [...given.keys()].flatMap((key) => {
    if (meant(key)) return [];
    if (reading.parameters.has(`known/${key}`) || reading.options.has(key) || key.startsWith("action")) {
      return [warn("unsupported-option", `${name} here pays no heed to ${key}`, `Take ${key} out, or do without it.`)];
    }
    const near = nearest(
      key,
      [...known, ...MEANT, ...MEANT_BY_MAIL].filter((other) => !other.includes("/")),
    );
    const next = near === undefined ? `Take ${key} out.` : `Did you mean ${near}?`;
    return [warn("unknown-option", `${name} has no argument ${JSON.stringify(key)}`, next)];
  });
}
