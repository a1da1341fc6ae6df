/**
 * `<tag>`: options put into one another after interpolation, nested ones from the inside out.
 *
 * A tag that no option answers stays as it is: `<HOST>` is for the regex compiler, `<ip>` for the action, and `<NOSRV>` in
 * an HAProxy filter simply means itself.
 */
import { fatalFault, jailFault } from "./config-fault.ts";
import type { LocatedText } from "./located-text.ts";
import { cutterOf, placeAt, textBuilder } from "./located-text.ts";

export interface TagRules {
  /** Tags that are never replaced, and options that are left as they are. */
  readonly ignore: ReadonlySet<string>;
  /** Where a tag is looked for that is no option of the set. */
  readonly lookUp: (tag: string) => LocatedText | undefined;
  /** "family=inet6": `name?family=inet6` is then taken for `<name>` where it exists. */
  readonly condition?: string;
  /** Tags that belong to the regex compiler: an option that would take their place is an error. */
  readonly reserved?: (tag: string) => boolean;
}

const TAG = /<([^ <>]+)>/g;
/** How often one tag may be replaced in one option, as in Fail2Ban. */
const MAX_REPLACEMENTS = 25;
/** Neither a value that long nor that many replacements in one filter come from an honest configuration. */
const MAX_LENGTH = 1 << 20;
const MAX_TOTAL = 50_000;

/**
 * The options with their tags replaced; order and names stay. Throws a ConfigFault: breadth everything for options that
 * refer to themselves, breadth jail for one that would replace a reserved tag.
 */
export function substituteTags(
  options: ReadonlyMap<string, LocatedText>,
  rules: TagRules,
): ReadonlyMap<string, LocatedText> {
  const result = new Map(options);
  const done = new Set(rules.ignore);
  const counts = new Map<string, Map<string, number>>();
  const budget = { left: MAX_TOTAL };
  for (let again = true; again; ) {
    again = false;
    for (const [option, before] of result) {
      if (done.has(option)) continue;
      const count = counts.get(option) ?? new Map<string, number>();
      const after = substituteOnce(option, before, result, rules, count, budget);
      if (after.text !== before.text) {
        result.set(option, after);
        if (after.text.search(TAG) >= 0) {
          counts.set(option, count);
          again = true;
        }
      }
      if (!after.text.includes("<")) done.add(option);
    }
  }
  return result;
}

function substituteOnce(
  option: string,
  before: LocatedText,
  options: ReadonlyMap<string, LocatedText>,
  rules: TagRules,
  count: Map<string, number>,
  budget: { left: number },
): LocatedText {
  let value = before;
  let from = 0;
  for (;;) {
    TAG.lastIndex = from;
    const match = TAG.exec(value.text);
    if (match === null) return value;
    const tag = match[1]!;
    const replacement = rules.ignore.has(tag) ? undefined : answer(tag, option, options, rules);
    if (tag === option && !rules.ignore.has(tag)) throw recursion(option, tag, value, match.index);
    if (replacement === undefined) {
      from = match.index + match[0].length;
      continue;
    }
    if ((count.get(tag) ?? 1) > MAX_REPLACEMENTS) throw recursion(option, tag, value, match.index);
    if (rules.reserved?.(tag)) throw hijack(tag, replacement);
    value = replaceAll(value, match[0], replacement);
    if (value.text.length > MAX_LENGTH || --budget.left < 0) throw recursion(option, tag, value, 0);
    count.set(tag, (count.get(tag) ?? 0) + 1);
    from = match.index;
  }
}

function answer(
  tag: string,
  option: string,
  options: ReadonlyMap<string, LocatedText>,
  rules: TagRules,
): LocatedText | undefined {
  if (tag === option) return undefined;
  const conditional = rules.condition === undefined ? undefined : options.get(`${tag}?${rules.condition}`);
  return conditional ?? options.get(tag) ?? rules.lookUp(tag);
}

/** Every occurrence at once, as `String.replace` in Python; what is put in is not looked at again. Linear. */
function replaceAll(value: LocatedText, tag: string, replacement: LocatedText): LocatedText {
  const builder = textBuilder();
  const cutter = cutterOf(value);
  for (let at = value.text.indexOf(tag); at >= 0; at = value.text.indexOf(tag, at + tag.length)) {
    builder.own(cutter.upTo(at));
    builder.inserted(replacement);
    cutter.upTo(at + tag.length);
    if (builder.length > MAX_LENGTH) break;
  }
  builder.own(cutter.upTo(value.text.length));
  return builder.done();
}

function recursion(option: string, tag: string, value: LocatedText, at: number) {
  const message = `option ${JSON.stringify(option)} leads back to itself or grows without end through <${tag}>`;
  return fatalFault("recursive-tag", message, placeAt(value, at), `Take <${tag}> out of one of the options.`);
}

function hijack(tag: string, replacement: LocatedText) {
  const name = tag.toLowerCase();
  const message = `option ${JSON.stringify(name)} would take the place of the tag <${tag}>`;
  return jailFault("bad-value", message, replacement, `Give the option ${JSON.stringify(name)} another name.`);
}
