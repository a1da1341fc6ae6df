/**
 * Clauses of condition, key and filter expressions, named and joined like prose:
 *
 *   const noBanYet = absent("id");
 *   const itIsOver = atMost("endsAt", number(since));
 *   condition: either(noBanYet, itIsOver)
 *
 * Every attribute travels under a placeholder, since hundreds of plain words (count, name, source) are reserved.
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

export interface Clause {
  readonly text: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, AttributeValue>>;
}

/** The row does not have the attribute; of a key attribute: there is no row. */
export function absent(attribute: string): Clause {
  return { text: `attribute_not_exists(#${attribute})`, names: named(attribute), values: {} };
}

/** The row has the attribute; of a key attribute: there is a row. */
export function present(attribute: string): Clause {
  return { text: `attribute_exists(#${attribute})`, names: named(attribute), values: {} };
}

/** The attribute is no number, or there is none. */
export function noNumber(attribute: string): Clause {
  const placeholder = `:${attribute}_type`;
  return {
    text: `NOT attribute_type(#${attribute}, ${placeholder})`,
    names: named(attribute),
    values: { [placeholder]: { S: "N" } },
  };
}

export function equal(attribute: string, value: AttributeValue): Clause {
  return compared(attribute, "=", "is", value);
}

export function unequal(attribute: string, value: AttributeValue): Clause {
  return compared(attribute, "<>", "isnt", value);
}

export function below(attribute: string, value: AttributeValue): Clause {
  return compared(attribute, "<", "below", value);
}

export function atMost(attribute: string, value: AttributeValue): Clause {
  return compared(attribute, "<=", "atmost", value);
}

export function above(attribute: string, value: AttributeValue): Clause {
  return compared(attribute, ">", "above", value);
}

export function startsWith(attribute: string, value: AttributeValue): Clause {
  const placeholder = `:${attribute}_start`;
  return {
    text: `begins_with(#${attribute}, ${placeholder})`,
    names: named(attribute),
    values: { [placeholder]: value },
  };
}

/** The list does not hold the value, or there is no list. */
export function lacks(attribute: string, value: AttributeValue): Clause {
  const placeholder = `:${attribute}_lacks`;
  return {
    text: `NOT contains(#${attribute}, ${placeholder})`,
    names: named(attribute),
    values: { [placeholder]: value },
  };
}

/** The list is there and has fewer elements than that. */
export function shorterThan(attribute: string, length: AttributeValue): Clause {
  const placeholder = `:${attribute}_size`;
  return {
    text: `size(#${attribute}) < ${placeholder}`,
    names: named(attribute),
    values: { [placeholder]: length },
  };
}

/** The list begins with the value. */
export function headIs(attribute: string, value: AttributeValue): Clause {
  const placeholder = `:${attribute}_head`;
  return { text: `#${attribute}[0] = ${placeholder}`, names: named(attribute), values: { [placeholder]: value } };
}

export function both(...clauses: readonly Clause[]): Clause {
  return joined(AND, clauses);
}

export function either(...clauses: readonly Clause[]): Clause {
  return joined(OR, clauses);
}

/** Names or values of several expressions in one request. Throws where one placeholder would mean two things: a defect of ours. */
export function merged<T>(...parts: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  const all: Record<string, T> = {};
  for (const [placeholder, meaning] of parts.flatMap((part) => Object.entries(part))) {
    if (placeholder in all && JSON.stringify(all[placeholder]) !== JSON.stringify(meaning))
      throw new Error(`the placeholder ${placeholder} means two things`);
    all[placeholder] = meaning;
  }
  return all;
}

const [AND, OR] = [" AND ", " OR "] as const;

/**
 * AND binds more tightly than OR, so only an OR within an AND needs brackets. More of them mean the same, but engines of
 * tests may read an expression with backtracking, which doubles its time with each bracket.
 */
function joined(word: typeof AND | typeof OR, clauses: readonly Clause[]): Clause {
  return {
    text: clauses.map(({ text }) => (word === AND && text.includes(OR) ? `(${text})` : text)).join(word),
    names: merged(...clauses.map((clause) => clause.names)),
    values: merged(...clauses.map((clause) => clause.values)),
  };
}

function compared(attribute: string, operator: string, label: string, value: AttributeValue): Clause {
  const placeholder = `:${attribute}_${label}`;
  return {
    text: `#${attribute} ${operator} ${placeholder}`,
    names: named(attribute),
    values: { [placeholder]: value },
  };
}

function named(attribute: string): Readonly<Record<string, string>> {
  return { [`#${attribute}`]: attribute };
}
