import { appendFileSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { matchesGlob } from "../../shared/adapters/local/follow/glob.ts";
import { eventually, follow, logDirectory } from "./follow-harness.ts";

describe("following files", () => {
  it("gives what is there and what comes, with identity, stream and time", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, "one\ntwo\n");
    const session = follow([log], { now: () => 42 });
    await session.until(2);
    appendFileSync(log, "three\n");
    await session.until(3);
    expect(session.texts()).toEqual(["one", "two", "three"]);
    expect(session.events.map(({ stream, at }) => ({ stream, at }))).toEqual(Array(3).fill({ stream: log, at: 42 }));
    const [first] = session.events;
    expect(session.events.map(({ id }) => id)).toEqual(
      [0, 4, 8].map((offset) => first!.id.replace(/:0$/, `:${offset}`)),
    );
    expect(session.events.map(({ catchUp }) => catchUp)).toEqual([true, true, undefined]);
    expect(session.follower.paths()).toEqual([log]);
  });

  it("hears of a change long before the poll", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, "");
    const session = follow([log], { pollEvery: 3_600_000 });
    await eventually(
      () => session.follower.paths().length === 1,
      () => "not followed",
    );
    for (let line = 1; line <= 5; line++) {
      appendFileSync(log, `${line}\n`);
      await session.until(line);
    }
    expect(session.texts()).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("finds everything by the poll alone", async () => {
    const log = join(logDirectory(), "a.log");
    const session = follow([log], { watch: false });
    await session.untilNotice("missing");
    writeFileSync(log, "1\n");
    await session.until(1);
    appendFileSync(log, "2\n");
    await session.until(2);
    expect(session.texts()).toEqual(["1", "2"]);
  });

  it.each([true, false])("finds a file and a directory that come later (watch: %s)", async (watch) => {
    const root = logDirectory();
    const log = join(root, "sub", "a.log");
    const session = follow([log, `${root}/*.log`, `${root}/x*/b.log`], { watch });
    await eventually(
      () => session.notices.length === 3,
      () => JSON.stringify(session.notices),
    );
    expect(session.notices.map(({ code }) => code)).toEqual(["missing", "missing", "missing"]);
    writeFileSync(join(root, "c.log"), "c\n");
    await session.until(1);
    mkdirSync(join(root, "x1"));
    writeFileSync(join(root, "x1", "b.log"), "b\n");
    await session.until(2);
    mkdirSync(join(root, "sub"));
    writeFileSync(log, "a\n");
    await session.until(3);
    expect(session.texts()).toEqual(["c", "b", "a"]);
    expect(session.notices.filter(({ code }) => code === "found")).toHaveLength(3);
  });

  it("finds a file again after its directory was removed and made anew", async () => {
    const directory = join(logDirectory(), "sub");
    const log = join(directory, "a.log");
    mkdirSync(directory);
    writeFileSync(log, "1\n");
    const session = follow([log]);
    await session.until(1);
    rmSync(directory, { recursive: true });
    await session.untilNotice("rotated");
    mkdirSync(directory);
    writeFileSync(log, "2\n");
    await session.until(2);
    appendFileSync(log, "3\n");
    await session.until(3);
    expect(session.texts()).toEqual(["1", "2", "3"]);
  });

  it("reads many files, and a large one does not keep the others waiting", async () => {
    const root = logDirectory();
    const large = `${"x".repeat(199)}\n`.repeat(20_000);
    writeFileSync(join(root, "a.log"), large);
    for (let file = 0; file < 50; file++) writeFileSync(join(root, `b${file}.log`), `line of ${file}\n`);
    const session = follow([`${root}/*.log`]);
    await session.until(20_050);
    expect(new Set(session.texts()).size).toBe(51);
    const lastSmall = session.events.findLastIndex(({ text }) => text.startsWith("line of"));
    expect(lastSmall).toBeLessThan(20_000);
  });

  it("from the tail: only what comes after the first start, also after a restart", async () => {
    const root = logDirectory();
    const log = join(root, "a.log");
    const paths = [{ path: `${root}/*.log`, from: "tail" as const }];
    writeFileSync(log, "old\nhalf of a ");
    const first = follow(paths);
    await eventually(
      () => first.follower.paths().length === 1,
      () => "not followed",
    );
    await first.quiet();
    await first.stop();
    appendFileSync(log, "line\nwhile down\n");
    writeFileSync(join(root, "b.log"), "new file while down\n");
    const second = follow(paths, { resume: first.saved() });
    await second.until(2);
    writeFileSync(join(root, "c.log"), "new file\n");
    await second.until(3);
    expect(first.texts()).toEqual([]);
    // The rest of a line whose start nobody read is no line.
    expect(new Set(second.texts())).toEqual(new Set(["while down", "new file while down", "new file"]));
  });

  it("marks what was there when following began, also after a restart", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, "1\n");
    const first = follow([log]);
    await first.until(1);
    appendFileSync(log, "2\n");
    await first.until(2);
    await first.stop();
    appendFileSync(log, "3\n");
    const second = follow([log], { resume: first.saved() });
    await second.until(1);
    appendFileSync(log, "4\n");
    await second.until(2);
    const marks = [...first.events, ...second.events].map(({ text, catchUp }) => [text, catchUp ?? false]);
    expect(marks).toEqual([
      ["1", true],
      ["2", false],
      ["3", true],
      ["4", false],
    ]);
  });

  it("holds a line until its end comes", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, "begin");
    const session = follow([log]);
    for (const part of [" middle", " ö", " end"]) {
      await session.quiet();
      expect(session.texts()).toEqual([]);
      appendFileSync(log, part);
    }
    appendFileSync(log, "\n");
    await session.until(1);
    expect(session.texts()).toEqual(["begin middle ö end"]);
  });

  it("puts a character together that was written byte by byte, and a restart between them", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, "");
    const bytes = Buffer.from("é€😀\n");
    let session = follow([log]);
    for (const byte of bytes) {
      appendFileSync(log, Buffer.from([byte]));
      await session.stop();
      session = follow([log], { resume: session.saved() });
    }
    await session.until(1);
    expect(session.texts()).toEqual(["é€😀"]);
  });

  it.each([
    {
      name: "UTF-8 with a mark",
      encoding: "utf-8",
      bytes: Buffer.from("\ufeffone\n\ufefftwo\n"),
      lines: ["one", "\ufefftwo"],
    },
    {
      name: "broken UTF-8",
      encoding: "utf-8",
      bytes: Buffer.from("a\xff\xfeb\n", "latin1"),
      lines: ["a\ufffd\ufffdb"],
    },
    { name: "latin-1", encoding: "latin-1", bytes: Buffer.from("\xe9\n", "latin1"), lines: ["é"] },
    {
      name: "UTF-16 with a mark",
      encoding: "utf-16",
      bytes: Buffer.from("\ufeffone\r\n\u0a0a\n", "utf16le"),
      lines: ["one", "\u0a0a"],
    },
    {
      name: "big-endian UTF-16",
      encoding: "utf-16",
      bytes: Buffer.from("\ufeffone\n\u0a0a\n", "utf16le").swap16(),
      lines: ["one", "\u0a0a"],
    },
    { name: "CRLF and NUL", encoding: "auto", bytes: Buffer.from("a\0b\r\n\0\0c\r\n"), lines: ["a\0b", "c"] },
  ])("reads $name", async ({ encoding, bytes, lines }) => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, bytes);
    const first = follow([{ path: log, from: "head", encoding }]);
    await first.until(lines.length);
    await first.stop();
    const plain = Buffer.from("more\n", encoding === "utf-16" ? "utf16le" : "latin1");
    appendFileSync(log, bytes[0] === 0xfe ? plain.swap16() : plain);
    const second = follow([{ path: log, from: "head", encoding }], { resume: first.saved() });
    await second.until(1);
    expect([...first.texts(), ...second.texts()]).toEqual([...lines, "more"]);
  });

  it("passes a line of 64 KiB whole and cuts a longer one, whose rest is no line, also after a restart within it", async () => {
    const log = join(logDirectory(), "a.log");
    const limit = 64 * 1024;
    writeFileSync(log, `${"a".repeat(limit)}\n${"b".repeat(limit - 1)}é${"b".repeat(900_000)}`);
    const first = follow([log]);
    await first.until(2);
    await first.stop();
    appendFileSync(log, `${"b".repeat(500_000)}\nafter\n`);
    const second = follow([log], { resume: first.saved() });
    await second.until(1);
    expect(first.texts()).toEqual(["a".repeat(limit), "b".repeat(limit - 1)]);
    expect(second.texts()).toEqual(["after"]);
    expect(first.follower.linesCut() + second.follower.linesCut()).toBe(1);
  });

  it("follows a link, and tells both names of a file that is wanted by both", async () => {
    const root = logDirectory();
    mkdirSync(join(root, "real"));
    writeFileSync(join(root, "real", "a.log"), "1\n");
    symlinkSync(join(root, "real", "a.log"), join(root, "link.log"));
    linkSync(join(root, "real", "a.log"), join(root, "hard.log"));
    const session = follow([join(root, "link.log"), join(root, "hard.log")], { pollEvery: 3_600_000 });
    await session.until(2);
    appendFileSync(join(root, "real", "a.log"), "2\n");
    await session.until(4);
    expect(session.events.map(({ text, stream }) => [text, stream.slice(root.length + 1)])).toEqual([
      ["1", "link.log"],
      ["1", "hard.log"],
      ["2", "link.log"],
      ["2", "hard.log"],
    ]);
    // One line is one failure, by however many names it is heard of.
    expect(new Set(session.events.map(({ id }) => id)).size).toBe(2);
  });

  it("does not tell a line twice because a glob and a name both want its file", async () => {
    const root = logDirectory();
    writeFileSync(join(root, "a.log"), "1\n");
    const session = follow([join(root, "a.log"), `${root}/*.log`]);
    await session.until(1);
    await session.quiet();
    expect(session.events).toHaveLength(1);
    expect(matchesGlob(`${root}/*.log`, session.events[0]!.stream)).toBe(true);
  });

  it("warns where one file is wanted in two encodings", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, Buffer.from([0xe9, 0x0a]));
    const session = follow([
      { path: log, from: "head", encoding: "latin-1" },
      { path: log, from: "head", encoding: "utf-8" },
    ]);
    const notice = await session.untilNotice("encoding-conflict");
    await session.until(1);
    expect(notice.message).toBe(`${log} is wanted as latin-1 and as utf-8; it is read as latin-1`);
    expect(session.texts()).toEqual(["é"]);
  });
});
