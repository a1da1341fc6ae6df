/**
 * The host script with hostile parameters, in a network namespace: no text is ever run, a receipt or a named failure is
 * the answer, rules and sets of others stay as they were, and a later sound command brings the host to what was asked for.
 *
 * A run costs some fifty milliseconds, so one carries many hostile lines, each of which must be refused by itself.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEADLINE_PATTERN } from "../../shared/contract/host-document.ts";
import { parseNetwork } from "../../shared/core/address.ts";
import { chainName } from "../../shared/core/firewall/chain-name.ts";
import { encodeChanges, encodeFullList, WIRE_PATTERN } from "../../shared/core/firewall/encode.ts";
import { parseReceipt } from "../../shared/core/firewall/receipt.ts";
import {
  BACKENDS,
  type Backend,
  ban,
  createRig,
  kernelEntries,
  type Rig,
  runScript,
  TOOLS,
  unban,
} from "../adapters/firewall-rig.ts";
import { available } from "../support/require.ts";
import { corpus } from "./corpus.ts";
import { editsWith, oddWord, spoil } from "./spoil.ts";

/** Where a bait would leave its mark; the letters of the wire can write it, so that nothing but the reading protects. */
let marks: string;
const BAITS = [
  "$(touch M)",
  "`touch M`",
  "; touch M;",
  "& touch M &",
  "| touch M",
  "\ntouch M\n",
  "'; touch M; '",
  '"; touch M; "',
  'system("touch M")',
  "> M",
  "}touch M{",
  "-exist",
  "-F",
  "--flush",
];
/** Words that the wire's own pattern lets through: here only the script's own reading stands between them and the kernel. */
const TAME = [
  ..."f2b-web f2b-others f2b- INPUT FORWARD OUTPUT DOCKER-USER PREROUTING f2b-web/6 -1 00 01 1e3 0 4294967296 999999999999999 9999999999999999".split(
    " ",
  ),
  ..."192.0.2.1 192.0.2.300 192.0.2.1/33 192.0.2.0/24 0.0.0.0/0 ::/0 2001:db8::1 2001:db8:0:0::1 ::ffff:192.0.2.1 127.0.0.1 fe80::1 1.2.3 1:2:3".split(
    " ",
  ),
  ..."tcp udp all icmp esp drop accept reset reject-host ACCEPT 80 80:79 0:65535 65536 1:2:3 80,,443 , : / _ . - r j p b u end fleet2ban".split(
    " ",
  ),
  "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
  "a".repeat(40),
  "1".repeat(400),
  "x\n",
  "\n\n",
];
const CHANGES = [
  ban("192.0.2.1"),
  ban("2001:db8::/48", { jail: "ssh" }),
  ban("192.0.2.0/24"),
  unban("192.0.2.9"),
  ban("198.51.100.7", { expiresAt: undefined }),
];
const SOUND = [
  encodeChanges(CHANGES).chunks[0]!,
  encodeFullList(CHANGES.filter((each) => each.kind === "ban")).chunks[0]!,
  encodeChanges([]).chunks[0]!,
];

const word = fc.oneof(fc.constantFrom(...TAME), fc.constantFrom(...BAITS), oddWord);
/** Sound text with edits anywhere: mostly torn, and then nothing of it may count. */
const torn = fc
  .tuple(fc.constantFrom(...SOUND), editsWith([...TAME, ...BAITS], 3))
  .map(([text, edits]) => spoil(text, edits));
/** Whole text, whose lines are sound ones with words swapped: read to the end, and refused line by line. */
const whole = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        ...SOUND.join("")
          .split("\n")
          .filter((line) => /^[jpbu] /.test(line)),
      ),
      fc.nat(4),
      fc.option(word),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((lines) => {
    const spoilt = lines.map(([line, at, other]) =>
      other === null
        ? line
        : line
            .split(" ")
            .with(at % line.split(" ").length, other)
            .join(" "),
    );
    const sent = spoilt
      .join("\n")
      .split("\n")
      .filter((line) => line.trim() !== "");
    return ["fleet2ban 1", ...spoilt, `end ${sent.length}`, ""].join("\n");
  });
/** A full list says first for which keys it speaks. */
const asFullList = (text: string) =>
  text
    .replace("fleet2ban 1\n", "fleet2ban 1\nr - -\n")
    .replace(/end (\d+)\n$/, (_, count) => `end ${Number(count) + 1}\n`);
const parameters = fc.record({
  text: fc.oneof({ weight: 4, arbitrary: whole }, { weight: 1, arbitrary: torn }),
  mode: fc.oneof({ weight: 12, arbitrary: fc.constantFrom("apply", "reconcile") }, { weight: 1, arbitrary: word }),
  deadline: fc.oneof({ weight: 12, arbitrary: fc.constantFrom("", "99999999999") }, { weight: 1, arbitrary: word }),
  by: fc.constantFrom("variable", "input"),
});

describe.skipIf(!available(TOOLS, { root: true })).each(BACKENDS)("the host script on %s", (backend: Backend) => {
  let rig: Rig;
  let others: string;
  beforeAll(() => {
    rig = createRig(backend, { clients: 0 });
    marks = mkdtempSync(join(tmpdir(), "fleet2ban-marks-"));
    const { host } = rig.net;
    host.must(["iptables", "-A", "INPUT", "-s", "203.0.113.5", "-j", "DROP"]);
    host.must(["iptables", "-N", "f2b-others"]);
    host.must(["iptables", "-A", "f2b-others", "-s", "203.0.113.6", "-j", "REJECT"]);
    host.must(["ipset", "create", "others", "hash:ip"]);
    host.must(["ipset", "add", "others", "203.0.113.7"]);
    host.must([
      "nft",
      "add table inet others; add chain inet others c; add rule inet others c ip saddr 203.0.113.8 drop",
    ]);
    others = rulesOfOthers();
  });
  beforeEach(() => void runScript(rig, "clear"));
  afterAll(() => {
    rig.destroy();
    rmSync(marks, { recursive: true });
  });

  /** What is in the kernel and not ours. */
  function rulesOfOthers(): string {
    const { host } = rig.net;
    const rules = host
      .must(["iptables", "-S"])
      .split("\n")
      .filter((line) => /203\.0\.113|f2b-others/.test(line));
    return [
      ...rules,
      host.must(["ipset", "list", "others"]),
      host.must(["nft", "list", "table", "inet", "others"]),
    ].join("\n");
  }

  function run(mode: string, text: string, deadline: string, by: string): ReturnType<typeof runScript> {
    const arm = (given: string) => given.replaceAll(" M", ` ${join(marks, "hit")}`).replaceAll("\0", "?");
    const env: Record<string, string> = {
      SSM_Deadline: arm(deadline),
      ...(by === "variable" && { SSM_Changes: arm(text) }),
    };
    return runScript(rig, arm(mode), by === "variable" ? "" : arm(text), env);
  }

  /** Holds a run's answer, and what it left, against what must be so after any. */
  function judge({ code, stdout, stderr }: ReturnType<typeof runScript>): void {
    expect(readdirSync(marks)).toEqual([]);
    const reply = parseReceipt(stdout);
    expect(reply.kind, `${stdout}\n${stderr}`).not.toBe("unreadable");
    if (reply.kind === "done") {
      // Another program's chain is named, not touched, and what belonged in it is missing.
      const isTaken = reply.notes.some((note) => note.includes("f2b-others belongs to another program"));
      if (!isTaken) expect([code, reply.missing]).toEqual([0, 0]);
      expect(reply.broken).toBe(0);
      expect(reply.refusals.length).toBe(Math.min(8, reply.refused));
    } else expect([64, 65, 75]).toContain(code);
    const entries = kernelEntries(rig, backend);
    for (const entry of entries) {
      const [chain, target] = entry.split(" ");
      if (chain === "others") continue;
      expect(chain).toMatch(/^f2b-[A-Za-z0-9_.-]{1,24}$/);
      expect(parseNetwork(target!)).toBe(target);
    }
    expect(rulesOfOthers()).toBe(others);
  }

  it("answers anything with a receipt or a named failure, runs nothing, and leaves others alone", () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(parameters, ({ text, mode, deadline, by }) => {
        const answer = run(mode, mode === "reconcile" ? asFullList(text) : text, deadline, by);
        judge(answer);
        const reply = parseReceipt(answer.stdout);
        const kind = reply.kind === "failed" ? reply.code : reply.kind;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        // What SSM would have let through is not what makes the script safe, but must agree with it on the deadline.
        if (kind === "done") expect(deadline).toMatch(new RegExp(`^$|${DEADLINE_PATTERN}`));
      }),
      { numRuns: 30 },
    );
    console.log(`${backend}: ${[...seen].map(([kind, times]) => `${kind} ${times}`).join(", ")}`);
    expect(seen.get("done") ?? 0).toBeGreaterThan(5);
    // And then a sound command is carried out as on a new host.
    const sound = [ban("192.0.2.77", { jail: "after" })];
    expect(parseReceipt(runScript(rig, "apply", encodeChanges(sound).chunks[0]!).stdout)).toMatchObject({
      kind: "done",
      banned: 1,
      missing: 0,
    });
    expect(kernelEntries(rig, backend)).toContain(`${chainName("after")} 192.0.2.77`);
  });

  it("takes torn text for nothing at all", () => {
    const [before] = [encodeChanges([ban("192.0.2.50")]).chunks[0]!];
    runScript(rig, "apply", before);
    const held = kernelEntries(rig, backend);
    const [sound] = SOUND;
    const cuts = fc.tuple(fc.integer({ min: 1, max: sound!.length - 2 }), fc.nat(40));
    fc.assert(
      fc.property(cuts, ([at, size]) => {
        const left = sound!.slice(0, at);
        // Cut off, or a piece out of its middle that takes whole lines with it.
        const text = size % 2 === 0 ? left : left + sound!.slice(sound!.indexOf("\n", at + size) + 1 || sound!.length);
        if (text.split("\n").length === sound!.split("\n").length) return;
        const answer = run("apply", text, "", "input");
        judge(answer);
        if (text === "" || text === sound) return;
        expect(answer.code).toBe(65);
        expect(kernelEntries(rig, backend)).toEqual(held);
      }),
      { numRuns: 12 },
    );
  });

  it.each(corpus("host-script"))("on the corpus: $name", ({ text }) => {
    judge(run("apply", text, "", "input"));
    judge(run("reconcile", text, "", "variable"));
  });
});

describe("the pattern of the wire", () => {
  it("lets pass what the encoder writes, and no letter that a shell or an awk reads as more than itself", () => {
    const pattern = new RegExp(WIRE_PATTERN);
    for (const text of SOUND) expect(text).toMatch(pattern);
    fc.assert(
      fc.property(fc.constantFrom(...SOUND), editsWith([...TAME, ...BAITS], 3), (text, edits) => {
        const spoilt = spoil(text, edits);
        expect(pattern.test(spoilt)).toBe(!/[^A-Za-z0-9.:/,_ \n-]/.test(spoilt));
      }),
      { numRuns: 500 },
    );
    for (const bait of BAITS.slice(0, 11)) expect(bait.replaceAll("\n", "$"), bait).not.toMatch(pattern);
  });
});
