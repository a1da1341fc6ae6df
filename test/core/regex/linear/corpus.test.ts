/** Every regex of the installed Fail2Ban on our own matcher, on Fail2Ban's own lines: what Python finds, with all groups. */
import { describe, expect, it } from "vitest";
import { expandTags } from "../../../../shared/core/regex/host-tags.ts";
import { createLinearProgram } from "../../../../shared/core/regex/linear/linear-program.ts";
import { parseRegex } from "../../../../shared/core/regex/parse.ts";
import { available } from "../../../support/require.ts";
import { expectFound, readCorpus } from "../fail2ban-corpus.ts";

describe.runIf(available(["python3", "fail2ban-regex"]))("the regexes of the installed Fail2Ban", () => {
  it("find what Python finds", () => {
    let compared = 0;
    let hits = 0;
    let steps = 0;
    let characters = 0;
    for (const { raw, usedns, multiline, searches } of readCorpus()) {
      const program = createLinearProgram(parseRegex(expandTags(raw, { usedns }), { multiline }))!;
      for (const { text, found } of searches) {
        const { match, outcome, steps: taken } = program.run(text);
        expect(outcome, `${raw}\n${text}`).toBe(found === null ? "no-match" : "match");
        expectFound(match, { text, found }, raw);
        compared += 1;
        steps += taken;
        characters += text.length;
        if (found !== null) hits += 1;
      }
    }
    console.log(`${compared} searches compared, ${hits} hits, ${(steps / characters).toFixed(2)} steps/char`);
    expect(hits).toBeGreaterThan(1000);
  });
});
