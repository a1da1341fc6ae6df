/** Where a command writes: text for people, JSON for programs, colours only where a person looks. */
import type { Writable } from "node:stream";
import picocolors from "picocolors";
import type { ZoneOffset } from "../shared/core/report/time-text.ts";

export type Colours = ReturnType<typeof picocolors.createColors>;

/** Where a progress line can be drawn. */
export interface Screen {
  line(text: string): void;
  write(text: string): void;
  /** Whether it is a terminal, so that a progress line makes sense. */
  readonly interactive: boolean;
  /** Width in columns; 80 where it is no terminal. */
  readonly columns: number;
}

export interface Terminal extends Screen {
  /** Writes `text` and a newline to standard output. */
  line(text: string): void;
  /** Writes to standard output as it is. */
  write(text: string): void;
  /** Writes `text` and a newline to standard error. */
  note(text: string): void;
  /** Standard error, for a progress line that stays out of the output. */
  readonly aside: Screen;
  /** One value as indented JSON. */
  json(value: unknown): void;
  readonly colours: Colours;
  readonly zone: ZoneOffset;
  readonly env: NodeJS.ProcessEnv;
}

/** A stream that may be a terminal. */
export interface Output extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export function createTerminal(stdout: Output, stderr: Output, env: NodeJS.ProcessEnv): Terminal {
  const screen = screenOf(stdout);
  const aside = screenOf(stderr);
  return {
    ...screen,
    note: aside.line,
    aside,
    json: (value) => void stdout.write(`${JSON.stringify(value, jsonable, 2)}\n`),
    colours: picocolors.createColors(wantsColour(screen.interactive, env)),
    zone: (at) => -new Date(at).getTimezoneOffset(),
    env,
  };
}

function screenOf(stream: Output): Screen {
  return {
    line: (text) => void stream.write(`${text}\n`),
    write: (text) => void stream.write(text),
    interactive: stream.isTTY === true,
    columns: stream.columns ?? 80,
  };
}

/** NO_COLOR (any value but the empty one) wins over FORCE_COLOR, and both over what the stream is. */
function wantsColour(interactive: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== "0";
  return interactive && env.TERM !== "dumb";
}

/** Maps as objects; JSON.stringify would print them as {}. */
function jsonable(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
