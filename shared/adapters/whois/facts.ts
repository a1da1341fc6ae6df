/** What is kept of a registry's answer: network, holder, country, abuse contact, each a short line without anything odd. */
import { oneLine } from "../../core/report/mail-quote.ts";

export interface Facts {
  readonly network: string | undefined;
  readonly name: string | undefined;
  readonly holder: string | undefined;
  readonly country: string | undefined;
  readonly abuse: string | undefined;
}

const LONGEST_FACT = 120;

/** The lines for a mail; none where nothing is known. */
export function factLines({ network, name, holder, country, abuse }: Facts): readonly string[] {
  const named = [network, name === undefined || name === network ? undefined : `(${name})`];
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["Network: ", named.filter((part) => part !== undefined).join(" ")],
    ["Holder:  ", holder],
    ["Country: ", country],
    ["Abuse:   ", abuse],
  ];
  return rows.flatMap(([title, text]) => (text ? [`${title} ${oneLine(text, LONGEST_FACT)}`] : []));
}
