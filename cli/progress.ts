/** A progress line at the bottom of a terminal; where nobody looks (a pipe, a file, CI) it writes nothing. */
import type { Screen } from "./terminal.ts";

export interface Progress {
  /** Prints a line of output above the progress line. */
  line(text: string): void;
  /** Redraws the progress line: a bar for `done` of `total`, and what there is to say. */
  show(done: number, total: number, label: string): void;
  /** Takes the progress line away. */
  clear(): void;
}

const CLEAR_LINE = "\r\x1b[2K";
const BAR = 24;

export function createProgress(screen: Screen): Progress {
  if (!screen.interactive) return { line: (text) => screen.line(text), show() {}, clear() {} };
  let shown = "";
  const draw = (text: string) => {
    if (text !== shown) screen.write(CLEAR_LINE + text);
    shown = text;
  };
  return {
    line(text) {
      screen.write(`${CLEAR_LINE}${text}\n${shown}`);
    },
    show(done, total, label) {
      const share = total === 0 ? 1 : done / total;
      const filled = Math.round(share * BAR);
      const bar = "█".repeat(filled) + "░".repeat(BAR - filled);
      const text = ` ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${label}`;
      // A line that wraps could not be taken back.
      draw(text.slice(0, Math.max(0, screen.columns - 1)));
    },
    clear: () => draw(""),
  };
}
