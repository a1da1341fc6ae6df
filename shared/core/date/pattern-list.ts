/** The lines of a datepattern option as a list of templates. */
import { defaultFormats, defaultTemplates } from "./default-templates.ts";
import { type Template, templateOf, unboundPattern } from "./template.ts";

export type TemplateList =
  | { readonly kind: "templates"; readonly templates: readonly Template[] }
  | { readonly kind: "error"; readonly reason: string };

const DATE_WORD = /(?<!\\)\{DATE\}/gi;

/**
 * The templates of `patterns`, in order; none = the 31 defaults. `{^LN-BEG}` alone stands for those of the defaults that are
 * bound to the line's begin, `{DATE}` within a pattern for each of the 17 formats at that place; templates that these would
 * add a second time are left out, while a pattern of one's own that stands there twice is a mistake.
 *
 * `{DEFAULT}` adds nothing, so alone it means the defaults, and beside other patterns nothing: Fail2Ban's manual promises
 * more, but this is what every Fail2Ban does, and filters are written against that.
 */
export function templatesOf(patterns: readonly string[], year: number | undefined): TemplateList {
  const byName = new Map<string, Template>();
  for (const pattern of patterns.map((written) => written.trim()).filter((written) => written !== "")) {
    const several = expand(pattern, year);
    for (const template of several ?? [templateOf(pattern, year)]) {
      if (typeof template === "string") return { kind: "error", reason: `datepattern "${pattern}": ${template}` };
      if (!byName.has(template.name)) byName.set(template.name, template);
      else if (several === undefined) {
        return {
          kind: "error",
          reason: `datepattern "${pattern}" means the same as one before it; leave one of them out`,
        };
      }
    }
  }
  return { kind: "templates", templates: byName.size > 0 ? [...byName.values()] : defaultTemplates(year) };
}

/** The templates of a pattern that stands for several; undefined for any other. */
function expand(pattern: string, year: number | undefined): readonly (Template | string)[] | undefined {
  const word = pattern.includes("%") ? pattern : pattern.toUpperCase();
  if (word === "{DEFAULT}") return [];
  if (word === "{^LN-BEG}") return defaultTemplates(year).filter((template) => template.anchored);
  if (!word.includes("{DATE}")) return undefined;
  return defaultFormats(year).map((format) =>
    templateOf(
      pattern.replace(DATE_WORD, () => unboundPattern(format)),
      year,
    ),
  );
}
