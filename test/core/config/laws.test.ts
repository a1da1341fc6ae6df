/** What holds for any text and any spread of options over files. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dumpConfiguration } from "../../../shared/core/config/dump-configuration.ts";
import { formatProblem } from "../../../shared/core/config/problem.ts";
import { compile, FILTER, jailOf } from "./compile.ts";

describe("any text at all", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc
      .array(
        fc.constantFrom(
          "[j]",
          "[Definition]",
          "\n",
          "\n ",
          "=",
          "%(",
          ")s",
          "<",
          ">",
          "x",
          "failregex",
          "filter = f",
          "action=",
          "iptables",
          "[",
          "]",
          ",",
          '"',
          "enabled = 1\n",
          "%(known/x)s",
          ";",
          "#",
          "bantime",
          "1d",
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join("")),
  );

  it("compiles to jails and problems, and never throws", () => {
    const files = fc.record({
      "jail.conf": text,
      "jail.d/a.local": text,
      "filter.d/f.conf": text,
      "filter.d/f.local": text,
    });
    fc.assert(
      fc.property(files, (tree) => {
        const { jails, problems } = compile({ ...tree, "jail.d/z.local": "[j]\nenabled = 1\nfilter = f\n" });
        for (const problem of problems) {
          expect(problem.place?.line).toBeGreaterThan(0);
          expect(formatProblem(problem)).toContain(problem.message);
        }
        expect(jails.length > 0 || problems.some(({ severity }) => severity === "error")).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("merging", () => {
  const names = fc.constantFrom(
    "jail.conf",
    "jail.d/a.conf",
    "jail.d/b.conf",
    "jail.local",
    "jail.d/a.local",
    "jail.d/b.local",
  );
  const order = ["jail.conf", "jail.d/a.conf", "jail.d/b.conf", "jail.local", "jail.d/a.local", "jail.d/b.local"];
  const setting = fc.record({
    file: names,
    section: fc.constantFrom("j", "DEFAULT"),
    value: fc.integer({ min: 1, max: 99 }),
  });

  it("takes the last file that sets it in the section, else the last that sets it in [DEFAULT], else the server's", () => {
    fc.assert(
      fc.property(fc.uniqueArray(setting, { selector: ({ file, section }) => file + section }), (settings) => {
        const files: Record<string, string> = { "filter.d/f.conf": FILTER };
        for (const { file, section, value } of settings)
          files[file] = `${files[file] ?? ""}[${section}]\nmaxretry = ${value}\n`;
        files["jail.d/z.conf"] = "[j]\nenabled = 1\nfilter = f\nlogpath = /l\n";
        const last = (section: string) =>
          settings
            .filter((one) => one.section === section)
            .sort((a, b) => order.indexOf(a.file) - order.indexOf(b.file))
            .at(-1)?.value;
        expect(jailOf(files).maxretry).toBe(last("j") ?? last("DEFAULT") ?? 3);
      }),
    );
  });

  it("is the same for one file and for its options spread over several", () => {
    const options = fc.uniqueArray(
      fc.tuple(
        fc.constantFrom("maxretry", "maxmatches", "findtime", "bantime", "x"),
        fc.constantFrom("1", "2", "%(x)s", "%(maxretry)s"),
      ),
      { selector: ([name]) => name },
    );
    fc.assert(
      fc.property(options, fc.array(names, { minLength: 5, maxLength: 5 }), (lines, places) => {
        const base = "[DEFAULT]\nx = 7\nmaxretry = 8\n[j]\nenabled = 1\nfilter = f\nlogpath = /l\n";
        const one = base + lines.map(([name, value]) => `${name} = ${value}\n`).join("");
        const spread: Record<string, string> = { "filter.d/f.conf": FILTER, "jail.d/0.conf": base };
        for (const [index, [name, value]] of lines.entries()) {
          const file = places[index]!;
          spread[file] = `${spread[file] ?? "[j]\n"}${name} = ${value}\n`;
        }
        const dump = (files: Record<string, string>) => dumpConfiguration(compile(files));
        expect(dump(spread)).toEqual(dump({ "filter.d/f.conf": FILTER, "jail.conf": one }));
      }),
    );
  });
});
