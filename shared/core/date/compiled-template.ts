/**
 * A template ready to run: where it matches in a line, what it cuts out, and which instant it reads.
 *
 * Looking and reading are two programs, because most dates are only cut out: the first keeps two groups, the second all.
 * A \b of the pattern's own knows ASCII alone; the bounds that every date has (bound-context.ts) know all scripts.
 */
import RE2 from "re2";
import { parseRegex } from "../regex/parse.ts";
import { RegexSyntaxError } from "../regex/syntax-error.ts";
import { type Form, type Translation, toRe2 } from "../regex/translate.ts";
import { childrenOf, type Group, type Regex, type RegexNode } from "../regex/tree.ts";
import { widthOf } from "../regex/width.ts";
import { resolveReferences } from "./back-reference.ts";
import { type ContextForm, contextAfter, contextBefore } from "./bound-context.ts";
import { type Cut, cutOf } from "./cut.ts";
import { edgeOf } from "./edges.ts";
import { createLocator, type DateMatch, type Locator } from "./locator.ts";
import { screenOf } from "./screen.ts";
import { readEpoch, readTai64n } from "./stamp.ts";
import type { Template } from "./template.ts";
import { instantFrom, type ZoneRule } from "./timestamp.ts";
import { groupsOf, keepGroups } from "./tree-map.ts";

export interface CompiledTemplate {
  readonly name: string;
  /** Bound to the begin or the end of the line. */
  readonly anchored: boolean;
  /** RE2 text that hits in every line in which this template matches, and sometimes in more. */
  readonly screen: string;
  /** No match, with its context, reaches further from where it begins, in UTF-16 units; Infinity if that is not known. */
  readonly reach: number;
  /** Which characters may stand beside what is cut out. */
  readonly cut: Cut;
  /** The first match; `ascii` says that the line is ASCII alone. */
  match(line: string, ascii: boolean): DateMatch | undefined;
  /** The instant that the match in `line` means, epoch ms; undefined if none. */
  read(line: string, match: DateMatch, ascii: boolean, now: number, zone: ZoneRule): number | undefined;
}

export type TemplateResult =
  | { readonly kind: "ok"; readonly template: CompiledTemplate }
  | { readonly kind: "error"; readonly code: "bad-datepattern" | "unsupported-regex"; readonly reason: string };

/**
 * Compiles, once for each template object; what not every line needs (reading the instant, lines beyond ASCII) is built when
 * it is first needed.
 */
export function compileTemplate(template: Template): TemplateResult {
  const result = compiled.get(template) ?? compile(template);
  compiled.set(template, result);
  return result;
}

const compiled = new WeakMap<Template, TemplateResult>();

function compile(template: Template): TemplateResult {
  let tree: Regex;
  try {
    tree = parseRegex(template.regex);
  } catch (error) {
    // A mistake in the pattern is an answer; anything else is a defect of ours and goes on.
    if (!(error instanceof RegexSyntaxError)) throw error;
    return { kind: "error", code: "bad-datepattern", reason: error.message };
  }
  try {
    return { kind: "ok", template: new RunnableTemplate(template, tree) };
  } catch (error) {
    // What RE2 lacks, and what it has no room for, are answers too: it throws SyntaxError only.
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: "error", code: "unsupported-regex", reason: error.message };
  }
}

/** Reads the groups: of what is cut out, if that is all that matches, else of the line. */
interface Reader {
  readonly re2: RE2;
  /** Each group's name, or its number where it has none, and RE2's groups that may hold it, one for each copy. */
  readonly groups: readonly { readonly key: string | number; readonly slots: readonly number[] }[];
}

/**
 * The one copy of group 1, if every group lies in it and nothing in it looks at its neighbours: then it matches what it
 * matched, and in the same way, by itself, at a third of the cost.
 */
function readableAlone(root: RegexNode, isCut: (group: Group) => boolean): RegexNode | undefined {
  const groups = groupsOf(root);
  const cut = groups.find(isCut);
  if (cut === undefined || groups.filter(isCut).length > 1) return undefined;
  return groupsOf(cut).length === groups.length && !looksAround(cut) ? cut : undefined;
}

function looksAround(node: RegexNode): boolean {
  return node.kind === "anchor" || node.kind === "look" || childrenOf(node).some(looksAround);
}

class RunnableTemplate implements CompiledTemplate {
  readonly name: string;
  readonly anchored: boolean;
  readonly screen: string;
  readonly reach: number;
  readonly cut: Cut;
  readonly #template: Template;
  readonly #regex: Regex;
  readonly #original: (index: number) => number;
  /** Group 1, where its fields can be read in what is cut out, without the rest of the line. */
  readonly #alone: RegexNode | undefined;
  /** Whether its words and spaces are those of all scripts, so that ASCII lines are better served by a form of their own. */
  readonly #knowsScripts: boolean;
  readonly #locators: Record<ContextForm, Locator | undefined>;
  readonly #readers: Record<ContextForm, Reader | undefined> = { ascii: undefined, exact: undefined };

  constructor(template: Template, written: Regex) {
    const { root, originals } = resolveReferences(written.root, written.groupCount);
    const regex = { ...written, root };
    this.name = template.name;
    this.anchored = template.anchored;
    this.#template = template;
    this.#regex = regex;
    this.#original = (index) => originals.get(index) ?? index;
    const isCut = (group: Group): boolean => this.#original(group.index) === 1;
    this.#alone = regex.root.kind === "group" && isCut(regex.root) ? regex.root : readableAlone(regex.root, isCut);
    this.cut = cutOf(template, regex.root, groupsOf(regex.root).filter(isCut));
    this.reach = 2 * widthOf(regex.root, new Map()).max + 2;
    this.#knowsScripts = knowsScripts(regex.root);
    // Now, although lines beyond ASCII may never come: what RE2 has no room for must be heard of with the configuration.
    this.#locators = {
      ascii: this.#locator("ascii"),
      exact: this.#knowsScripts ? this.#locator("exact") : undefined,
    };
    const { source } = translated(
      { ...written, root: screenOf(written.root) },
      this.#knowsScripts ? "screen" : "exact",
    );
    this.screen = `${this.#before("ascii")}(?:${source})`;
  }

  match(line: string, ascii: boolean): DateMatch | undefined {
    const form = ascii ? "ascii" : "exact";
    this.#locators[form] ??= this.#locator(form);
    const match = this.#locators[form](line);
    return match && this.#template.distanceFrom === "group" ? { ...match, from: match.start } : match;
  }

  read(line: string, { start, end }: DateMatch, ascii: boolean, now: number, zone: ZoneRule): number | undefined {
    const form = ascii ? "ascii" : "exact";
    this.#readers[form] ??= this.#reader(form);
    const { re2, groups } = this.#readers[form];
    const found = re2.exec(this.#alone === undefined ? line : line.slice(start, end));
    if (found === null) return undefined;
    const texts = groups.map(({ key, slots }) => {
      const slot = slots.find((candidate) => found[candidate] !== undefined);
      return [key, slot === undefined ? undefined : found[slot]] as const;
    });
    const { reading } = this.#template;
    switch (reading.kind) {
      case "epoch":
        return readEpoch(texts[reading.group - 1]?.[1], reading.long);
      case "tai64n":
        return readTai64n(texts[0]?.[1]);
      case "fields":
        return instantFrom(texts, now, zone);
    }
  }

  #locator(form: ContextForm): Locator {
    const isCut = (index: number): boolean => this.#original(index) === 1;
    return createLocator(
      keepGroups(this.#regex.root, isCut),
      (root) => this.#bounded(this.#translated(root, form).source, form),
      isCut,
    );
  }

  #reader(form: ContextForm): Reader {
    const { source, slots } = this.#translated(this.#alone ?? this.#regex.root, form);
    const all = groupsOf(this.#regex.root);
    const keys = new Map(all.map(({ index, name }) => [this.#original(index), name ?? this.#original(index)]));
    const groups = [...keys]
      .sort(([left], [right]) => left - right)
      .map(([number, key]) => ({
        key,
        // The context before is RE2's first group.
        slots: all.filter(({ index }) => this.#original(index) === number).map(({ index }) => slots.get(index)! + 1),
      }));
    return {
      re2: new RE2(this.#alone === undefined ? this.#bounded(source, form) : `(\\A)(?:${source})\\z`, "u"),
      groups,
    };
  }

  #translated(root: RegexNode, form: ContextForm): Re2Text {
    return translated({ ...this.#regex, root }, this.#knowsScripts ? form : "exact");
  }

  /** The context before is RE2's group 1: its end is where the match proper begins. */
  #bounded(source: string, form: ContextForm): string {
    const { end } = this.#template;
    const after = contextAfter(end, edgeOf(this.#regex.root, "last"), form);
    return `(${this.#before(form)})(?:${source})${after}`;
  }

  #before(form: ContextForm): string {
    return contextBefore(this.#template.begin, edgeOf(this.#regex.root, "first"), form);
  }
}

type Re2Text = Extract<Translation, { kind: "re2" }>;

/** Throws SyntaxError with the reasons for what RE2 lacks. */
function translated(regex: Regex, form: Form): Re2Text {
  const translation = toRe2(regex, { form });
  if (translation.kind === "re2") return translation;
  throw new SyntaxError(translation.features.map(({ reason }) => reason).join("; "));
}

/** Whether letters, digits or word bounds of all scripts occur: large automata, of which ASCII lines need none. */
function knowsScripts(node: RegexNode): boolean {
  switch (node.kind) {
    case "anchor":
      return node.place === "boundary" || node.place === "not-boundary";
    case "class":
      return !node.ascii && node.items.some((item) => item.kind === "category" && item.category !== "space");
    default:
      return childrenOf(node).some(knowsScripts);
  }
}
