/** What happens, told as it happens: seconds since the start, who, what. */
import pc from "picocolors";
import type { BanChange } from "../shared/core/ban.ts";

export interface Story {
  /** `weight`: the ban and its end stand out, what repeats itself is pale. */
  tell(who: string, what: string, weight?: "loud" | "good" | "pale"): void;
  title(text: string): void;
  /** Since its begin. */
  seconds(): number;
}

export function createStory(write: (line: string) => void): Story {
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  return {
    seconds,
    tell(who, what, weight) {
      const time = `${seconds().toFixed(1).padStart(6)} s`;
      const text = weight === "loud" ? pc.bold(pc.red(what)) : weight === "good" ? pc.green(what) : what;
      const line = `${pc.dim(time)}  ${who.padEnd(9)} ${text}`;
      write(weight === "pale" ? pc.dim(`${time}  ${who.padEnd(9)} ${what}`) : line);
    },
    title: (text) => write(`\n${pc.bold(text)}`),
  };
}

/** Lines of HAProxy in a few words: "503 ×4 from 198.51.100.7"; many clients are only counted. Undefined = all are good. */
export function summarise(lines: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const [, client = "?", status = "no handshake"] =
      /haproxy\[\d+\]: (\S+):\d+ \[\S+\] \S+ (?:\S+ \S+ (\d+) )?/.exec(line) ?? [];
    const key = `${status} from ${client.replace("::ffff:", "")}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const failures = [...counts].filter(([key]) => !key.startsWith("200"));
  const named = failures.slice(0, 4).map(([key, count]) => `${key} ×${count}`);
  const more = failures.length > 4 ? ` and ${failures.length - 4} more clients` : "";
  return named.length === 0 ? undefined : `${lines.length} lines: ${named.join(", ")}${more}`;
}

/** More changes than this at a time are only counted. */
const FEW = 6;

/** Tells of bans and of their ends. */
export function tellChanges(changes: readonly BanChange[], story: Story): void {
  const lifted = changes.filter(({ kind }) => kind === "lifted");
  const placed = changes.filter(({ kind }) => kind !== "lifted");
  if (placed.length > FEW) story.tell("ban", `${placed.length} at once in ${jailsOf(placed)}`, "loud");
  else
    for (const { ban } of placed) {
      const by = ban.failures > 0 ? `after ${ban.failures} failures` : `by ${ban.actor.replace(/^.*\//, "")}`;
      story.tell("ban", `${ban.id} in ${ban.jail}, ${by}`, "loud");
    }
  if (lifted.length > FEW) story.tell("unban", `${lifted.length} at once in ${jailsOf(lifted)}`, "good");
  else for (const { ban } of lifted) story.tell("unban", `${ban.id} in ${ban.jail}`, "good");
}

function jailsOf(changes: readonly BanChange[]): string {
  return [...new Set(changes.map(({ ban }) => ban.jail))].join(", ");
}
