/**
 * A jail's values with their types: what Fail2Ban's server makes of the text that its client sends.
 *
 * Every function reports what it cannot read and goes on, so that one look shows all mistakes of a jail.
 */
import { parseNetwork } from "../address.ts";
import { parseIgnoreWords } from "../detect/ignore.ts";
import { SERVER_DEFAULTS } from "./jail-options.ts";
import type { LocatedText } from "./located-text.ts";
import { linesOf } from "./located-text.ts";
import type { LogPath, UseDns } from "./model.ts";
import { nearest } from "./nearest.ts";
import { parseOptionList } from "./option-list.ts";
import type { Place, ProblemCode, Severity } from "./problem.ts";
import type { JailOptionValues } from "./resolve-jail.ts";

/** Collects what is wrong with one jail. */
export type Report = (severity: Severity, code: ProblemCode, message: string, place: Place, next?: string) => void;

/** The text of an option that counts as absent when it is empty. */
export function filled(options: JailOptionValues, name: string): LocatedText | undefined {
  const written = options.get(name)?.written;
  return written === undefined || written.text.trim() === "" ? undefined : written;
}

/** A whole number of at least `least`; a smaller one is taken for that. */
export function wholeOf(options: JailOptionValues, name: string, least: number, report: Report): number | undefined {
  const option = options.get(name);
  if (option === undefined) return undefined;
  const [place] = option.written.places;
  if (typeof option.value !== "number") {
    const next = 'Write digits only; a comment begins with " ;" or stands on its own line.';
    report("error", "bad-value", `${name} = ${JSON.stringify(option.written.text)} is no whole number`, place!, next);
    return undefined;
  }
  if (option.value >= least) return option.value;
  report("warning", "bad-value", `${name} = ${option.value} is taken for ${least}`, place!);
  return least;
}

/** The words of `ignoreip`; a word that is neither address nor network is a host name, and some can be neither. */
export function ignoreipOf(options: JailOptionValues, report: Report): readonly string[] {
  const written = options.get("ignoreip")?.written;
  if (written === undefined) return [];
  return linesOf(written).flatMap(({ text, place }) =>
    splitWords(text).map((word) => {
      const bare = /^\[([\da-fA-F:.]+)\]$/.exec(word)?.[1] ?? word;
      if (parseNetwork(bare) !== undefined) return bare;
      if (parseIgnoreWords([word]).unknown.length > 0) {
        const next = word.startsWith("#")
          ? 'A "#" inside a line begins no comment: the words after it are host names. Put it on a line of its own.'
          : "Write addresses, networks (10.0.0.0/8) or host names, separated by spaces.";
        report(
          "warning",
          "bad-address",
          `ignoreip: ${JSON.stringify(word)} is no address and no host name`,
          place,
          next,
        );
      }
      return word;
    }),
  );
}

/** Words between spaces, commas and line ends. */
export function splitWords(text: string): string[] {
  return text.split(/[ ,\n]+/).flatMap((word) => word.trim() || []);
}

/** Fail2Ban's ways to watch files, in any case: here they are one. */
const FILE_BACKENDS: readonly string[] = ["auto", "polling", "pyinotify", "gamin"];

/** `backend` as it is written: systemd, whose arguments are its reader's affair, or one for files. */
export function backendOf(options: JailOptionValues, report: Report): string {
  const written = options.get("backend")?.written;
  if (written === undefined) return "auto";
  const list = parseOptionList(written.text);
  if (list.kind === "option-list") {
    if (list.name === "systemd") return written.text;
    if (FILE_BACKENDS.includes(list.name.toLowerCase()) && list.options.size === 0) return written.text;
  }
  const message = `backend = ${JSON.stringify(written.text)} is none of systemd, ${FILE_BACKENDS.join(", ")}`;
  report("error", "bad-value", message, written.places[0]!, "Write auto for files, systemd for the journal.");
  return written.text;
}

/** Paths and globs of `logpath`, a line each. */
export function logsOf(options: JailOptionValues, report: Report): readonly LogPath[] {
  const written = options.get("logpath")?.written;
  if (written === undefined) return [];
  return linesOf(written).flatMap(({ text, place }) => {
    if (text.trim() === "") return [];
    const [, path, word] = /^(.*) ([^ ]*)$/s.exec(text) ?? [undefined, text, "head"];
    if (word === "head" || word?.toLowerCase() === "tail")
      return [{ path: path!, from: word === "head" ? "head" : "tail" }];
    const message = `logpath ${JSON.stringify(text)} ends with neither head nor tail`;
    report("error", "bad-value", message, place, "Put each path on its own line; a path cannot hold a space.");
    return [];
  });
}

/** `usedns`; Fail2Ban takes every other word for no. */
export function usednsOf(written: LocatedText | undefined, report: Report): UseDns {
  if (written === undefined) return SERVER_DEFAULTS.usedns;
  const word = written.text.toLowerCase();
  const words: readonly UseDns[] = ["yes", "warn", "no", "raw"];
  const known = words.find((candidate) => candidate === word);
  if (known !== undefined) return known;
  const meant = nearest(word, words) ?? "warn";
  const message = `usedns = ${JSON.stringify(written.text)} is taken for no`;
  report("warning", "bad-value", message, written.places[0]!, `Write yes, warn, no or raw; perhaps ${meant}.`);
  return "no";
}
