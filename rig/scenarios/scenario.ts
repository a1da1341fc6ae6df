/** What a scenario is, and how it says that something is not as it should be. */
import type { Rig } from "../rig.ts";

/** What it measured, in seconds or other numbers, by name. */
export type Figures = Readonly<Record<string, number>>;

export interface Scenario {
  readonly name: string;
  /** Throws where it is not so. */
  run(rig: Rig): Promise<Figures>;
}

/** Those of one stage run side by side; each has attackers of its own. */
export interface Stage {
  readonly title: string;
  /** Takes minutes: left out of a short run. */
  readonly isLong?: boolean;
  /** Runs before them. */
  readonly prepare?: (rig: Rig) => Promise<void>;
  readonly scenarios: readonly Scenario[];
}

export function must(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(what);
}

/** The figures of several hosts under one word. */
export function drops(seconds: Readonly<Record<string, number>>, word = "dropped on"): Figures {
  return Object.fromEntries(Object.entries(seconds).map(([host, after]) => [`${word} ${host}`, after]));
}

/** What a command line said, with `lines` on its standard input; one that failed is a scenario that did. */
export async function told(rig: Rig, lines: readonly string[], ...argv: readonly string[]): Promise<string> {
  const { code, out } = await rig.cloud.commandOn(lines, ...argv);
  must(code === 0, `${argv.slice(0, 3).join(" ")} … ended with ${code}: ${out.slice(0, 500)}`);
  return out;
}
