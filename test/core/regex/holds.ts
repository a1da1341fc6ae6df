/** Whether a text contains what a choice of literals asks for, compared as its users do. */
import type { LiteralChoice } from "../../../shared/core/regex/literals.ts";

export function holds({ anyOf, caseSensitive }: LiteralChoice, text: string): boolean {
  const compared = caseSensitive ? text : text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return anyOf.some((literal) => compared.includes(literal));
}
