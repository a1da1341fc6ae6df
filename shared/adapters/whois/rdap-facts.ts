/** Reads the facts out of an RDAP answer about a network (RFC 9083); whatever is not as described there is left out. */
import type { Facts } from "./facts.ts";

/** How deep entities may lie within each other; registries use two. */
const DEEPEST = 4;

/** Undefined where the value is no answer about a network. */
export function rdapFacts(answer: unknown): Facts | undefined {
  if (!isObject(answer) || answer.objectClassName !== "ip network") return undefined;
  const entities = entitiesOf(answer, DEEPEST);
  const withRole = (role: string) => entities.filter((entity) => listOf(entity.roles).includes(role));
  const holders = [...withRole("registrant"), ...withRole("administrative")];
  const blocks = listOf(answer.cidr0_cidrs).flatMap(blockText);
  const range = [textOf(answer.startAddress), textOf(answer.endAddress)].filter((text) => text !== undefined);
  return {
    network: blocks.length > 0 ? blocks.slice(0, 4).join(", ") : range.join(" - ") || textOf(answer.handle),
    name: textOf(answer.name),
    holder: firstOf(holders, "fn") ?? firstOf(holders, "org"),
    country: textOf(answer.country),
    abuse: firstOf(withRole("abuse"), "email"),
  };
}

type Json = Readonly<Record<string, unknown>>;

function entitiesOf(parent: Json, depth: number): readonly Json[] {
  if (depth === 0) return [];
  return listOf(parent.entities)
    .filter(isObject)
    .slice(0, 50)
    .flatMap((entity) => [entity, ...entitiesOf(entity, depth - 1)]);
}

/** The first such property in the entities' cards: ["vcard", [["fn", {}, "text", "Example"], …]]. */
function firstOf(entities: readonly Json[], property: string): string | undefined {
  for (const { vcardArray } of entities) {
    const rows = listOf(listOf(vcardArray)[1]);
    for (const row of rows) {
      const [name, , , value] = listOf(row);
      if (name === property && textOf(value) !== undefined) return textOf(value);
    }
  }
  return undefined;
}

function blockText(block: unknown): readonly string[] {
  if (!isObject(block)) return [];
  const prefix = textOf(block.v4prefix) ?? textOf(block.v6prefix);
  return prefix === undefined || typeof block.length !== "number" ? [] : [`${prefix}/${block.length}`];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
