/** `deeds`: who changed what by hand, newest first, a line each. */
import { formatTime, type ZoneOffset } from "./time-text.ts";

/** A deed as it was noted. */
export interface DeedLine {
  readonly actor: string;
  /** Epoch ms. */
  readonly at: number;
  readonly command: string;
  readonly outcome: string;
}

/** "TIME  ACTOR  COMMAND  (OUTCOME)", the actors in one column; says so where there are none. */
export function formatDeeds(deeds: readonly DeedLine[], zone: ZoneOffset): string {
  if (deeds.length === 0) return "Nobody has changed anything by hand.";
  const width = Math.max(...deeds.map(({ actor }) => actor.length));
  return deeds
    .map(({ actor, at, command, outcome }) =>
      printable(`${formatTime(at, zone)}  ${actor.padEnd(width)}  ${command}  (${outcome})`),
    )
    .join("\n");
}

/** A session's name is its owner's choice: nothing that steers a terminal gets through. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, "·");
}
