/** Where Python's regular expressions differ from those of RE2 and JavaScript: one line a trap. */
import { expect, it } from "vitest";
import { type CompileOptions, compileRegex } from "../../../shared/core/regex/compile.ts";

interface Trap {
  readonly name: string;
  readonly pattern: string;
  readonly text: string;
  /** What is matched, undefined = no match. */
  readonly found: string | undefined;
  readonly options?: CompileOptions;
}

it.each<Trap>([
  { name: "a named group", pattern: "(?P<x>b+)", text: "abbc", found: "bb" },
  { name: "{,n} is a repeat from 0", pattern: "xa{,2}y", text: "xaay", found: "xaay" },
  { name: "{,n} has an upper limit", pattern: "xa{,2}y", text: "xaaay", found: undefined },
  { name: "{,} is a star", pattern: "xa{,}y", text: "xaaay", found: "xaaay" },
  { name: "{} is text", pattern: "xa{}y", text: "xa{}y", found: "xa{}y" },
  { name: "{a} is text", pattern: "x{a}", text: "x{a}", found: "x{a}" },
  { name: "{1, 2} is text", pattern: "x{1, 2}", text: "x{1, 2}", found: "x{1, 2}" },
  { name: "] first in a class is a member", pattern: "[]a]+", text: "b]a]", found: "]a]" },
  { name: "] first in a negated class is a member", pattern: "[^]a]+", text: "]ab]", found: "b" },
  { name: "[ in a class is a member", pattern: "[[]x", text: "[x", found: "[x" },
  { name: "(?< in a class is three members", pattern: "[(?<]+P", text: "<?(P", found: "<?(P" },
  { name: "a scoped flag ends with its group", pattern: "(?i:a)b", text: "Ab", found: "Ab" },
  { name: "a scoped flag does not reach further", pattern: "(?i:a)b", text: "AB", found: undefined },
  { name: "a scoped flag can be taken away", pattern: "(?i)a(?-i:b)c", text: "AbC", found: "AbC" },
  { name: "a flag taken away is away", pattern: "(?i)a(?-i:b)c", text: "ABC", found: undefined },
  { name: "verbose mode skips blanks and comments", pattern: "(?x) a [ ] b # c\n d", text: "a bd", found: "a bd" },
  { name: "\\Z is the very end only", pattern: "a\\Z", text: "a\n", found: undefined },
  { name: "\\Z is the very end", pattern: "a\\n\\Z", text: "a\n", found: "a\n" },
  { name: "$ stands before the final newline", pattern: "a$", text: "a\n", found: "a" },
  { name: "$ stands at the very end", pattern: "a$", text: "a", found: "a" },
  { name: "$ after the newline itself", pattern: "a\\s$", text: "a\n", found: "a\n" },
  { name: "$ before and not after a greedy \\s*", pattern: "a\\s*$", text: "a \n", found: "a \n" },
  { name: "$ in the middle", pattern: "a$\\n", text: "a\n", found: "a\n" },
  { name: "$ of several lines is the last", pattern: "a.$", text: "a1\na2\n", found: "a2", options: { lines: true } },
  { name: "$ in a branch", pattern: "(?:a$|b)", text: "a\nxb\n", found: "b", options: { lines: true } },
  { name: "$ at each line", pattern: "a.$", text: "a1\na2\n", found: "a1", options: { multiline: true, lines: true } },
  { name: "^ is the start of the text", pattern: "^b", text: "a\nb\n", found: undefined, options: { lines: true } },
  { name: "^ at each line", pattern: "^b", text: "a\nb\n", found: "b", options: { multiline: true, lines: true } },
  { name: ". does not stop at \\r", pattern: "a.b", text: "a\rb", found: "a\rb" },
  { name: ". does not stop at U+2028", pattern: "a.b", text: "a\u2028b", found: "a\u2028b" },
  { name: ". stops at \\n", pattern: "a.b", text: "a\nb", found: undefined },
  { name: ". takes one astral character", pattern: "^a.b", text: "a𝒳b", found: "a𝒳b" },
  { name: "(?s) lets . take \\n", pattern: "(?s)a.b", text: "a\nb", found: "a\nb" },
  { name: "\\d takes digits of every script", pattern: "\\d+", text: "a٣٤", found: "٣٤" },
  { name: "\\w takes letters of every script", pattern: "\\w+", text: "-naïve-", found: "naïve" },
  { name: "\\w takes numbers", pattern: "\\w+", text: "-½²-", found: "½²" },
  { name: "\\W leaves them", pattern: "\\W+", text: "naïve, no", found: ", " },
  { name: "[^\\W_] is a word without _", pattern: "[^\\W_]+", text: "_né_", found: "né" },
  { name: "\\s takes U+001C to U+001F and U+0085", pattern: "\\s+", text: "a\x1c\x1f\x85b", found: "\x1c\x1f\x85" },
  { name: "\\s takes a no-break space", pattern: "a\\sb", text: "a\u00a0b", found: "a\u00a0b" },
  { name: "\\s takes no byte order mark", pattern: "a\\sb", text: "a\ufeffb", found: undefined },
  { name: "\\S leaves them", pattern: "\\S+", text: "\x1cé\x85", found: "é" },
  { name: "(?a) keeps to ASCII", pattern: "(?a)\\w+", text: "naïve", found: "na" },
  { name: "case of k holds the Kelvin sign", pattern: "(?i)k", text: "\u212a", found: "\u212a" },
  { name: "case of i holds the dotless one", pattern: "(?i)[i]x", text: "ıx", found: "ıx" },
  { name: "case of ß", pattern: "(?i)ß", text: "ẞ", found: "ẞ" },
  { name: "\\1 to \\3 octal digits", pattern: "\\101\\0", text: "A\0", found: "A\0" },
  { name: "\\x and \\u", pattern: "\\x41\\u00e9\\U0001d4b3", text: "Aé𝒳", found: "Aé𝒳" },
  { name: "\\b in a class is backspace", pattern: "[\\b]", text: "\b", found: "\b" },
  { name: "\\a \\f \\v", pattern: "\\a\\f\\v", text: "\x07\f\v", found: "\x07\f\v" },
  { name: "a comment is nothing", pattern: "a(?#x)b", text: "ab", found: "ab" },
  { name: "a slash is a slash", pattern: "a/b", text: "a/b", found: "a/b" },
  { name: "an empty pattern hits at once", pattern: "", text: "a", found: "" },
])("$name: $pattern", ({ pattern, text, found, options }) => {
  const compilation = compileRegex(pattern, options);
  if (compilation.kind !== "ok") throw new Error(JSON.stringify(compilation));
  const match = compilation.regex.exec(text);
  expect(match && text.slice(match.index, match.end)).toBe(found);
  expect(compilation.regex.test(text)).toBe(found !== undefined);
});
