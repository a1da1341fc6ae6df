/** What `doctor` finds: each look at a part of the deployment, how it stands, and what to do. */

export type Level = "ok" | "warning" | "failure";

export interface Finding {
  /** What was looked at: "log group /var/log/haproxy". */
  readonly subject: string;
  /** A failure keeps fleet2ban from working there; a warning may. */
  readonly level: Level;
  readonly text: string;
  /** What to do, as an instruction; none where all is well. */
  readonly next?: string;
}

/** One finding for people, in parts, so that the caller can colour the first: its level, padded, and the rest. */
export function formatFinding({ subject, level, text, next }: Finding): {
  readonly mark: string;
  readonly rest: string;
} {
  const lines = [`${subject}: ${text}`, ...(next === undefined ? [] : [`-> ${next}`])];
  return { mark: level.padEnd(8), rest: lines.map(printable).join(`\n${" ".repeat(8)}`) };
}

/** "12 looked at: 10 ok, 1 warning, 1 failure". */
export function formatVerdict(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [ok, warnings, failures] = [count("ok"), count("warning"), count("failure")];
  return `${findings.length} looked at: ${ok} ok, ${several(warnings, "warning")}, ${several(failures, "failure")}`;
}

function several(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Log lines stand in findings, and clients wrote them. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, "·");
}
