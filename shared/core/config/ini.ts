/**
 * One configuration file: the INI dialect that Python's ConfigParser reads, with the place of every line.
 *
 * What surprises people, and is so in Fail2Ban too: " ;" begins a comment anywhere in a line, " #" does not; a line that
 * is indented deeper than its option belongs to the option's value, and comment lines between such lines vanish; a
 * section or option that stands twice in one file makes the whole configuration invalid.
 */
import type { LocatedText } from "./located-text.ts";
import type { Place, Problem, ProblemCode } from "./problem.ts";

/** Option name in lower case → value. */
export type Options = Map<string, LocatedText>;

/** A section and where its header stands. */
export interface Section {
  readonly place: Place;
  readonly options: Options;
}

/** Section name as written → section; the defaults are under "DEFAULT". */
export type Sections = Map<string, Section>;

/** The section whose options every other section of the same configuration inherits. */
export const DEFAULT_SECTION = "DEFAULT";

/** What a file says, or everything that is wrong with it. */
export type IniFile =
  | { readonly kind: "parsed"; readonly sections: Sections }
  | { readonly kind: "broken"; readonly problems: readonly Problem[] };

interface OpenOption {
  readonly texts: string[];
  readonly places: Place[];
}

/** Reads the text of a file; `file` is the path that places and problems name. Linear in the text. */
export function parseIni(file: string, text: string): IniFile {
  const problems: Problem[] = [];
  const sections: Sections = new Map();
  const seenSections = new Set<string>();
  const open: { section: Section; name: string; value: OpenOption }[] = [];
  let section: Section | undefined;
  let option: OpenOption | undefined;
  let indent = 0;

  const fail = (code: ProblemCode, line: number, message: string, next: string) =>
    problems.push({ code, severity: "error", message, place: { file, line }, next });

  const startSection = (name: string, line: number) => {
    if (seenSections.has(name) && name !== DEFAULT_SECTION) {
      fail("duplicate-section", line, `[${name}] stands twice in this file`, "Merge the two sections into one.");
    }
    seenSections.add(name);
    section = sections.get(name) ?? { place: { file, line }, options: new Map() };
    sections.set(name, section);
    option = undefined;
  };

  const startOption = (into: Section, content: string, line: number) => {
    const separator = content.search(/[=:]/);
    const name = stripSpace(content.slice(0, Math.max(separator, 0))).toLowerCase();
    if (separator < 0 || name === "") {
      const next = "Write NAME = VALUE, or indent the line to continue the value above it.";
      return fail("bad-syntax", line, `${quote(content)} is neither a section nor an option`, next);
    }
    if (into.options.has(name)) {
      const next = "Keep one of the two; several values of one option go on indented lines.";
      return fail("duplicate-option", line, `option ${quote(name)} stands twice in its section`, next);
    }
    option = { texts: [stripSpace(content.slice(separator + 1))], places: [{ file, line }] };
    // The slot is taken now, so that options keep the order of the file; the value is complete only at the end.
    into.options.set(name, { text: "", places: option.places });
    open.push({ section: into, name, value: option });
  };

  for (const [index, raw] of text.replace(/\r\n?/g, "\n").split("\n").entries()) {
    const line = index + 1;
    if (raw.includes("\uFFFD")) {
      fail("bad-syntax", line, "the line holds bytes that are not UTF-8", "Save the file as UTF-8.");
    }
    const comment = commentStart(raw);
    const content = stripSpace(comment === undefined ? raw : raw.slice(0, comment));
    if (content === "") {
      if (comment === undefined) option = continued(option, "", { file, line });
      continue;
    }
    const depth = indentOf(raw);
    if (option !== undefined && depth > indent) {
      option = continued(option, content, { file, line });
      continue;
    }
    indent = depth;
    const header = headerOf(content);
    if (header !== undefined) startSection(header, line);
    else if (section !== undefined) startOption(section, content, line);
    else {
      const next = content.startsWith("\uFEFF")
        ? "Save the file as UTF-8 without a byte order mark."
        : "Begin the file with a section, such as [Definition] or the name of a jail in brackets.";
      fail("bad-syntax", line, `${quote(content)} stands before the first section`, next);
      return { kind: "broken", problems };
    }
  }
  if (problems.length > 0) return { kind: "broken", problems };
  for (const { section: into, name, value } of open) into.options.set(name, close(value));
  return { kind: "parsed", sections };
}

function continued(option: OpenOption | undefined, text: string, place: Place): OpenOption | undefined {
  option?.texts.push(text);
  option?.places.push(place);
  return option;
}

/** Empty lines at the end of a value are not part of it. */
function close(option: OpenOption): LocatedText {
  let count = option.texts.length;
  while (count > 1 && option.texts[count - 1] === "") count--;
  return { text: option.texts.slice(0, count).join("\n"), places: option.places.slice(0, count) };
}

function headerOf(content: string): string | undefined {
  if (!content.startsWith("[")) return undefined;
  const end = content.lastIndexOf("]");
  return end > 1 ? content.slice(1, end) : undefined;
}

function commentStart(line: string): number | undefined {
  if (/^[#;]/.test(stripSpace(line))) return 0;
  for (let at = line.indexOf(";"); at >= 0; at = line.indexOf(";", at + 1)) {
    if (isSpace(line.charCodeAt(at - 1))) return at;
  }
  return undefined;
}

function indentOf(line: string): number {
  let depth = 0;
  while (depth < line.length && isSpace(line.charCodeAt(depth))) depth++;
  return depth;
}

/** Removes what Python's `str.strip` removes: unlike `trim`, not a byte order mark, but the separators U+001C to U+001F. */
export function stripSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  if (code <= 0x20) return (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x20);
  if (code < 0x1680) return code === 0x85 || code === 0xa0;
  if (code >= 0x2000 && code <= 0x200a) return true;
  return [0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000].includes(code);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
