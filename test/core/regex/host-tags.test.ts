/** Fail2Ban's tags, and what a failregex must name. The installed Fail2Ban agrees with the expansions in fail2ban.test.ts. */
import { describe, expect, it } from "vitest";
import { type Compilation, compileFailregex, compileTagged } from "../../../shared/core/regex/compile.ts";
import { createForms } from "../../../shared/core/regex/forms.ts";
import { expandTags, mergeGroups, type TagOptions } from "../../../shared/core/regex/host-tags.ts";
import { parseRegex } from "../../../shared/core/regex/parse.ts";

describe("tags", () => {
  it.each<[text: string, expanded: string]>([
    ["<NOSRV>", "<NOSRV>"],
    ["<host> <FID> <F-HOST/> <HOST/>", "<host> <FID> <F-HOST/> <HOST/>"],
    ["<F-ID/>", "(?P<fid>\\S+)"],
    ["<F-PORT/>", "(?P<fport>\\w+)"],
    ["<CIDR><F-CIDR/>", "(?P<cidr>\\d+)(?P<cidr>\\d+)"],
    ["<DNS>", "(?P<dns>[\\w\\-.^_]*\\w)"],
    ["<F-ID>a</F-ID>", "(?P<fid>a)"],
    ["<F-PORT>a</F-PORT>", "(?P<fport>a)"],
    ["<F-ALT_USER_1>a</F-ALT_USER_1>", "(?P<alt_user_1>a)"],
    ["<F-MLFID>a</F-MLFID>", "(?P<mlfid>a)"],
    ["</F-USER>", "</F-USER>"],
    ["</F-USER><F-USER>a</F-USER>", "</F-USER>(?P<user>a)"],
    ["<F-user>a</F-user>", "<F-user>a</F-user>"],
    ["<SKIPLINES>a<SKIPLINES>", "\\n(?P<skiplines0>(?:(?:.*\\n)*?))a\\n(?P<skiplines1>(?:(?:.*\\n)*?))"],
    ["((?i)a)|(?:(?is)b)|\\((?i)c)", "(?i:a)|(?is:b)|\\((?i)c)"],
    ["(?i)a", "(?i)a"],
  ])("%s", (text, expanded) => expect(expandTags(text)).toBe(expanded));

  const line = (host: string) => `from ${host}:80 [] http_fe/<NOSRV> x\n`;
  it.each<{ host: string; groups: Record<string, string | undefined> | undefined; usedns?: TagOptions["usedns"] }>([
    { host: "192.0.2.3", groups: { ip4: "192.0.2.3" } },
    { host: "::ffff:192.0.2.3", groups: { ip4: "192.0.2.3" } },
    { host: "999.1.1.1", groups: { ip4: "999.1.1.1" } },
    { host: "2001:db8::1", groups: { ip6: "2001:db8::1" } },
    { host: "[2001:db8::1]", groups: { ip6: "2001:db8::1" } },
    { host: "::1", groups: { ip6: "::1" } },
    { host: "mail.example.org", groups: { dns: "mail.example.org" } },
    { host: "mail.example.org", usedns: "no", groups: undefined },
    { host: "192.0.2.3", usedns: "no", groups: { ip4: "192.0.2.3" } },
    { host: "<x>", groups: undefined },
  ])("<HOST> takes $host, usedns=$usedns", ({ host, groups, usedns = "warn" }) => {
    const compilation = compileFailregex("^from <HOST>:\\d+ \\[\\.*\\] http_fe/<NOSRV> .*", { usedns });
    const found = regexOf(compilation).exec(line(host))?.groups;
    expect(found && definedOnly(found)).toEqual(groups);
  });

  it.each([
    { pattern: "^<ADDR>$", text: "[::1]", groups: { ip6: "::1" } },
    { pattern: "^<SUBNET>$", text: "10.0.0.0/8", groups: { ip4: "10.0.0.0", cidr: "8" } },
    { pattern: "^<IP4>/<CIDR>$", text: "10.0.0.0/8", groups: { ip4: "10.0.0.0", cidr: "8" } },
    { pattern: "^<F-IP6/>$", text: "fe80::1", groups: { ip6: "fe80::1" } },
    {
      pattern: "^user <F-USER>\\S+</F-USER> <F-ID>x<F-PORT/></F-ID>$",
      text: "user ann x80",
      groups: { user: "ann", fid: "x80", fport: "80" },
    },
  ])("$pattern on $text", ({ pattern, text, groups }) => {
    expect(definedOnly(regexOf(compileFailregex(pattern)).exec(`${text}\n`)!.groups)).toEqual(groups);
  });
});

describe("a failregex", () => {
  it.each([
    { regex: "^from (?P<host>\\S+)", code: "no-id-group", message: /one of <HOST>.*\(\?P<host>…\) is no longer one/ },
    { regex: "^from \\S+", code: "no-id-group", message: /one of <HOST>, <ADDR>, <IP4>, <IP6>, <F-ID> is needed$/ },
    { regex: "<F-USER>a</F-USER>", code: "no-id-group", message: /is needed/ },
    { regex: "<HOST> <HOST>", code: "duplicate-group", message: /two groups are called "ip4"/ },
    { regex: "(?P<HOST>a)", code: "bad-group-name", message: /./, differs: true },
    { regex: "  ", code: "empty-regex", message: /empty/ },
    { regex: "<HOST>(", code: "unterminated-group", message: /not closed at position/ },
  ])("$regex is refused: $code", ({ regex, code, message, differs }) => {
    const compilation = compileFailregex(regex);
    if (compilation.kind !== "error") throw new Error(compilation.kind);
    expect(compilation.message).toMatch(message);
    // `(?P<HOST>` is destroyed by the tag's expansion; which mistake is seen first does not matter.
    if (differs !== true) expect(compilation.code).toBe(code);
  });

  it.each(["<F-MLFID>a</F-MLFID>b", "<F-ID/>", "<DNS>", "<IP6>"])("%s names someone", (regex) => {
    expect(compileFailregex(regex).kind).toBe("ok");
  });

  it("may leave the naming to the prefregex", () => {
    const prefregex = regexOf(compileTagged("^<ADDR> <F-CONTENT>.+</F-CONTENT>$"));
    expect(compileFailregex("^denied$", { prefregexGroups: prefregex.groupNames }).kind).toBe("ok");
    expect(compileFailregex("^denied$").kind).toBe("error");
  });

  it("names what RE2 lacks, each with its place", () => {
    const regex = "^(?!a)(b)\\1 <F-ID>(?(1)x)</F-ID>(?<=x)(?>y)z++a{1001}";
    const features = lackingIn(regex);
    expect(features.map(({ feature, position }) => [feature, position])).toEqual([
      ["look-ahead", 1],
      ["back-reference", 9],
      ["conditional", 20],
      ["look-behind", 28],
      ["atomic-group", 34],
      ["possessive-repeat", 39],
      ["repeat-limit", 42],
    ]);
    expect(features.every(({ reason }) => reason.length > 10)).toBe(true);
    expect(regexOf(compileFailregex(regex)).engine).toBe("linear");
  });

  it.each([
    ["(?:a{100}){11}<HOST>", "repeat-limit"],
    ["(?:\\w{500})<HOST>", "program-size"],
    ["(?:(a)?)*<HOST>", undefined],
    ["(?P<a>x?)*<HOST>", "empty-repeat"],
    ["(?:a?b??)*<HOST>", "empty-repeat"],
    ["\\b(?a:\\b)<HOST>", "mixed-boundaries"],
    ["\\ud800<HOST>", "lone-surrogate"],
  ])("%s lacks %s", (regex, feature) => {
    expect(lackingIn(regex).map((lacking) => lacking.feature)).toEqual(feature === undefined ? [] : [feature]);
    expect(regexOf(compileFailregex(regex)).engine).toBe(feature === undefined ? "re2" : "linear");
  });

  it("is refused where neither engine has room for it", () => {
    const compilation = compileFailregex("(?!x)(?:ab){20000}<HOST>");
    const features = compilation.kind === "unsupported" ? compilation.features : [];
    expect(features.map((lacking) => lacking.feature)).toEqual(["look-ahead", "repeat-limit", "program-size"]);
  });

  it("counts searches that a back-reference made too long, and has no match for them", () => {
    const regex = regexOf(compileFailregex("^(?:(a+)(?:\\1|a))+ <HOST>$"));
    expect(regex.test(`${"a".repeat(3000)}- 192.0.2.1\n`)).toBe(false);
    expect(regex.exceeded()).toBe(1);
    expect(regex.exec("aaa 192.0.2.1\n")?.groups.ip4).toBe("192.0.2.1");
    expect(regex.exceeded()).toBe(1);
  });

  it("tells where each group stands, if asked", () => {
    const compilation = compileTagged("(\\S+) é?(?:(x)|(?P<n>y))$", { positions: true });
    const match = regexOf(compilation).exec("a 𝒳b éy\n");
    expect(match).toEqual({ index: 2, end: 8, groups: { n: "y" }, spans: [[2, 8], [2, 5], undefined, [7, 8]] });
    expect(regexOf(compileTagged("(a)")).exec("a")!.spans).toEqual([]);
  });
});

describe("groups with further names", () => {
  it.each<{ groups: Record<string, string | undefined>; merged: Record<string, string | undefined> }>([
    { groups: { user: "a", ip4: "b" }, merged: {} },
    { groups: { user: undefined, alt_user: "b" }, merged: { user: "b" } },
    { groups: { user: "a", alt_user: "b" }, merged: { user: "a" } },
    { groups: { user: "", alt_user_2: "c", alt_user_1: "b" }, merged: { user: "b" } },
    { groups: { alt_user: undefined, alt_user_1: "b" }, merged: { user: "b" } },
    { groups: { alt_id: "b" }, merged: { fid: "b" } },
    { groups: { fid: "a", tuple_id: "b" }, merged: { fid: "('a', 'b')" } },
    { groups: { fid: "a", tuple_id_1: "b", tuple_id_2: "it's" }, merged: { fid: "('a', 'b', \"it's\")" } },
    { groups: { tuple_user: "b" }, merged: { user: "(None, 'b')" } },
  ])("$groups", ({ groups, merged }) => expect(mergeGroups(groups)).toEqual({ ...groups, ...merged }));
});

function lackingIn(regex: string) {
  const forms = createForms(parseRegex(expandTags(regex)), {});
  return forms.kind === "unsupported" ? forms.features : [];
}

function regexOf(compilation: Compilation) {
  if (compilation.kind !== "ok") throw new Error(JSON.stringify(compilation));
  return compilation.regex;
}

function definedOnly(groups: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(Object.entries(groups).filter(([, text]) => text !== undefined));
}
