import {
  appendFileSync,
  closeSync,
  copyFileSync,
  cpSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { locate } from "../../shared/adapters/local/follow/rotation.ts";
import { eventually, follow, logDirectory, type Session } from "./follow-harness.ts";

const sorted = (...sessions: readonly Session[]) => sessions.flatMap((session) => [...session.texts()]).sort();
const ids = (...sessions: readonly Session[]) =>
  new Set(sessions.flatMap((session) => session.events.map(({ id }) => id)));
const lines = (prefix: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${String(from + index).padStart(4, "0")}`);
const text = (list: readonly string[]) => list.map((line) => `${line}\n`).join("");

/** Makes the whole of a new log, so that what follows differs from its start. */
const BEFORE = lines("before ", 1, 100);

/** A session that has read a log of those lines, and ended. */
async function readBefore(log: string): Promise<Session> {
  writeFileSync(log, text(BEFORE));
  const session = follow([log]);
  await session.until(BEFORE.length);
  await session.stop();
  return session;
}

/** A session that goes on where `first` ended, once it has told so many lines and has no more to tell. */
async function readOn(log: string, first: Session, count: number): Promise<Session> {
  const session = follow([log], { resume: first.saved() });
  await session.until(count);
  await session.quiet();
  return session;
}

describe("rotation by rename", () => {
  it("reads the old file to its end and the new one from its start, while the writer still has the old one open", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, "1\n");
    const session = follow([log], { rotatedGrace: 2000 });
    await session.until(1);
    const writer = openSync(log, "a");
    renameSync(log, `${log}.1`);
    writeSync(writer, "2\n");
    writeFileSync(log, "3\n");
    await session.until(3);
    writeSync(writer, "4\n");
    await session.until(4);
    appendFileSync(log, "5\n");
    await session.until(5);
    closeSync(writer);
    expect(sorted(session)).toEqual(["1", "2", "3", "4", "5"]);
    expect(new Set(session.events.map(({ stream }) => stream))).toEqual(new Set([log]));
    expect(ids(session).size).toBe(5);
    await eventually(
      () => session.saved().files.some(({ done }) => done),
      () => "the old file is never left",
    );
    expect(session.saved().files.map(({ done }) => done)).toEqual([true, false]);
  });

  it("delivers the last line of a rotated file although it has no end, once", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, "1\nlast words");
    const first = follow([log]);
    await first.until(1);
    renameSync(log, `${log}.1`);
    writeFileSync(log, "2\n");
    await first.until(3);
    await first.quiet();
    await first.stop();
    const second = follow([log], { resume: first.saved() });
    await second.quiet();
    expect(sorted(first)).toEqual(["1", "2", "last words"]);
    expect(second.texts()).toEqual([]);
  });

  it("does so in a file that is wanted by its new name too", async () => {
    const root = logDirectory();
    const log = join(root, "a.log");
    writeFileSync(log, "1\nlast words");
    const session = follow([`${root}/a.log*`]);
    await session.until(1);
    renameSync(log, `${log}.1`);
    writeFileSync(log, "2\n");
    await session.until(3);
    await session.quiet();
    expect(sorted(session)).toEqual(["1", "2", "last words"]);
  });

  it("finds generations that came and went between two looks", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, "1\n");
    const session = follow([log], { watch: false, pollEvery: 300 });
    await session.until(1);
    appendFileSync(log, "2\n");
    for (const line of ["3", "4", "5"]) {
      shift(log);
      writeFileSync(log, `${line}\n`);
    }
    await session.until(5);
    await session.quiet();
    expect(sorted(session)).toEqual(["1", "2", "3", "4", "5"]);
  });

  it.each([0, 1, 2, 5])("goes on after %i rotations while it was down", async (rotations) => {
    const log = join(logDirectory(), "a.log");
    const first = await readBefore(log);
    appendFileSync(log, "rest\n");
    for (let rotation = 0; rotation < rotations; rotation++) {
      shift(log);
      writeFileSync(log, `generation ${rotation}\n`);
    }
    const second = await readOn(log, first, rotations + 1);
    const generations = Array.from({ length: rotations }, (_, index) => `generation ${index}`);
    expect(sorted(second)).toEqual([...generations, "rest"]);
    expect(new Set(second.events.map(({ stream }) => stream))).toEqual(new Set([log]));
    expect(second.notices.some(({ code }) => code === "lost")).toBe(false);
  });

  it("finds generations by date, with the log's ending kept, and leaves other logs alone", async () => {
    const root = logDirectory();
    const log = join(root, "a.log");
    const first = await readBefore(log);
    appendFileSync(log, "rest\n");
    renameSync(log, join(root, "a-20251113.log"));
    writeFileSync(log, "generation\n");
    renameSync(log, join(root, "a.log-20251114"));
    writeFileSync(log, "now\n");
    writeFileSync(join(root, "a-admin.log"), "not ours\n");
    writeFileSync(join(root, "b.log.1"), "not ours\n");
    const second = await readOn(log, first, 3);
    expect(sorted(second)).toEqual(["generation", "now", "rest"]);
  });

  it("finds the rest where the log itself is missing after the rotation", async () => {
    const log = join(logDirectory(), "a.log");
    const first = await readBefore(log);
    appendFileSync(log, "rest\n");
    shift(log);
    writeFileSync(log, "generation\n");
    shift(log);
    const second = follow([log], { resume: first.saved() });
    await second.until(2);
    writeFileSync(log, "new\n");
    await second.until(3);
    expect(second.texts()).toEqual(["rest", "generation", "new"]);
  });

  it("does not read rotated files again that it has read, even when they look new", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, "1\n");
    const first = follow([log]);
    await first.until(1);
    renameSync(log, `${log}.1`);
    writeFileSync(log, "2\n");
    await eventually(
      () => first.saved().files.some(({ done }) => done),
      () => "not done",
    );
    await first.until(2);
    await first.stop();
    const soon = Date.now() / 1000 + 1000;
    utimesSync(`${log}.1`, soon, soon);
    shift(log);
    writeFileSync(log, "3\n");
    const second = await readOn(log, first, 1);
    expect(second.texts()).toEqual(["3"]);
  });

  it("says so when what it had not read is gone", async () => {
    const log = join(logDirectory(), "a.log");
    const first = await readBefore(log);
    writeFileSync(`${log}.1.gz`, gzipSync("whatever it was\n"));
    rmSync(log);
    writeFileSync(log, "new\n");
    const second = await readOn(log, first, 1);
    expect(second.texts()).toEqual(["new"]);
    const notice = await second.untilNotice("lost");
    expect(notice.message).toBe(`What was written to ${log} after byte 1200, where reading had stopped, is gone`);
  });

  it("tells the next file from the one whose inode it was given", async () => {
    const log = join(logDirectory(), "a.log");
    const header = "# the same first line\n";
    writeFileSync(log, `${header}${text(BEFORE)}`);
    const first = follow([log]);
    await first.until(101);
    await first.stop();
    const { ino } = statSync(log);
    // Some file systems give the inode to the next file at once, others never.
    rmSync(log);
    writeFileSync(log, `${header}${text(lines("after ", 1, 200))}`);
    console.log(`inode ${statSync(log).ino === ino ? "was" : "was not"} used again`);
    const second = await readOn(log, first, 201);
    expect(second.texts()).toEqual([header.trim(), ...lines("after ", 1, 200)]);
    expect(ids(first, second).size).toBe(302);
  });

  it("reads a file that was deleted to its end, and the next one under its name", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, "1\n");
    const session = follow([log], { rotatedGrace: 300 });
    await session.until(1);
    const writer = openSync(log, "a");
    rmSync(log);
    writeSync(writer, "2\nunfinished");
    closeSync(writer);
    await session.until(3);
    writeFileSync(log, "3\n");
    await session.until(4);
    expect(session.texts()).toEqual(["1", "2", "unfinished", "3"]);
  });

  it.each(["a.log*", "a.log.*", "*"])("tells every line once where %s matches the rotated names too", async (glob) => {
    const root = logDirectory();
    const log = join(root, "a.log");
    writeFileSync(log, text(lines("0-", 1, 50)));
    const session = follow([log, join(root, glob)]);
    await session.until(50);
    for (let rotation = 1; rotation <= 3; rotation++) {
      shift(log);
      writeFileSync(log, text(lines(`${rotation}-`, 1, 50)));
      await session.until(50 * (rotation + 1));
    }
    await session.quiet();
    await session.stop();
    const again = follow([log, join(root, glob)], { resume: session.saved() });
    await again.quiet();
    expect(new Set(session.texts()).size).toBe(200);
    expect(session.events).toHaveLength(200);
    expect(again.texts()).toEqual([]);
  });

  it("leaves compressed generations under a glob alone, and says so once", async () => {
    const root = logDirectory();
    const log = join(root, "a.log");
    writeFileSync(log, "1\n");
    writeFileSync(`${log}.2.gz`, gzipSync(text(BEFORE)));
    const session = follow([join(root, "a.log*")]);
    await session.until(1);
    await session.quiet();
    expect(session.texts()).toEqual(["1"]);
    expect(session.notices.map(({ code, path }) => [code, path])).toEqual([["compressed", `${log}.2.gz`]]);
  });

  it("goes on in the same content under another inode, as after a restore", async () => {
    const root = logDirectory();
    const log = join(root, "a.log");
    const first = await readBefore(log);
    cpSync(log, join(root, "copy"), { preserveTimestamps: true });
    rmSync(log);
    renameSync(join(root, "copy"), log);
    appendFileSync(log, "new\n");
    const second = follow([log], { resume: first.saved() });
    await second.until(1);
    expect(second.texts()).toEqual(["new"]);
  });
});

describe("rotation by copytruncate", () => {
  it.each([
    { name: "refilled with less", refill: ["a"] },
    { name: "refilled with more", refill: lines("after ", 1, 300) },
    { name: "refilled with as much", refill: lines("AFTER! ", 1, 100) },
    { name: "refilled behind the same first line", refill: [BEFORE[0] as string, ...lines("after ", 1, 300)] },
    { name: "refilled behind the same long header", refill: [...BEFORE.slice(0, 95), ...lines("after ", 1, 300)] },
  ])("begins again at the head: $name", async ({ refill }) => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, text(BEFORE));
    const session = follow([log]);
    await session.until(100);
    copyFileSync(log, `${log}.1`);
    truncateSync(log, 0);
    appendFileSync(log, text(refill));
    await session.until(100 + refill.length);
    await session.quiet();
    expect(session.texts()).toEqual([...BEFORE, ...refill]);
    expect(ids(session).size).toBe(100 + refill.length);
    const notice = await session.untilNotice("truncated");
    expect(notice.message).toBe(`${log} was emptied or rewritten and is read anew; its rest is read from ${log}.1`);
  });

  it("begins again at the head of a file that was refilled behind the same long header while it was down", async () => {
    const log = join(logDirectory(), "a.log");
    const first = await readBefore(log);
    const refill = [...BEFORE.slice(0, 95), ...lines("after ", 1, 300)];
    writeFileSync(log, text(refill));
    const second = await readOn(log, first, 395);
    expect(second.texts()).toEqual(refill);
    expect(ids(first, second).size).toBe(495);
  });

  it("reads from the copy what it had not read before the truncation", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, text(BEFORE));
    const session = follow([log], { watch: false, pollEvery: 300 });
    await session.until(100);
    appendFileSync(log, "rest\n");
    copyFileSync(log, `${log}.1`);
    truncateSync(log, 0);
    appendFileSync(log, "new\n");
    await session.until(102);
    await session.quiet();
    expect(session.texts().slice(100).sort()).toEqual(["new", "rest"]);
  });

  it.each([1, 3])("goes on after %i truncations while it was down, through the copies", async (rotations) => {
    const log = join(logDirectory(), "a.log");
    const first = await readBefore(log);
    appendFileSync(log, "rest\n");
    for (let rotation = 0; rotation < rotations; rotation++) {
      shift(log, false);
      copyFileSync(log, `${log}.1`);
      truncateSync(log, 0);
      appendFileSync(log, text(lines(`generation ${rotation} `, 1, 150)));
    }
    const second = await readOn(log, first, 1 + 150 * rotations);
    const generations = Array.from({ length: rotations }, (_, rotation) => lines(`generation ${rotation} `, 1, 150));
    expect(sorted(second)).toEqual([...generations.flat(), "rest"]);
    expect(ids(first, second).size).toBe(101 + 150 * rotations);
  });

  it.each(["a.log*", "a.log"])(
    "tells every line once where %s may match the copy, which grows under its eyes",
    async (glob) => {
      const root = logDirectory();
      const log = join(root, "a.log");
      writeFileSync(log, text(BEFORE));
      const session = follow([join(root, glob)]);
      await session.until(100);
      const all = text(BEFORE);
      writeFileSync(`${log}.1`, all.slice(0, 300));
      await session.quiet();
      appendFileSync(`${log}.1`, all.slice(300, 900));
      await session.quiet();
      appendFileSync(log, "read before the truncation, and not in the copy\n");
      await session.until(101);
      appendFileSync(`${log}.1`, all.slice(900));
      await session.quiet();
      truncateSync(log, 0);
      appendFileSync(log, "new\n");
      await session.until(102);
      await session.quiet();
      expect(session.texts()).toEqual([...BEFORE, "read before the truncation, and not in the copy", "new"]);
    },
  );

  it("reads on behind the hole that a writer without O_APPEND leaves", async () => {
    const log = join(logDirectory(), "a.log");
    const writer = openSync(log, "w");
    const big = text(lines("x", 1, 20_000));
    writeSync(writer, big);
    const session = follow([log]);
    await session.until(20_000);
    truncateSync(log, 0);
    writeSync(writer, "behind the hole\n");
    await session.until(20_001);
    writeSync(writer, "and on\n");
    await session.until(20_002);
    closeSync(writer);
    expect(statSync(log).size).toBeGreaterThan(big.length);
    expect(session.texts().slice(-2)).toEqual(["behind the hole", "and on"]);
    expect(session.follower.linesCut()).toBe(0);
  });
});

describe("a search among rotated names", () => {
  it("finds the file although it is renamed meanwhile", async () => {
    const log = join(logDirectory(), "a.log");
    writeFileSync(log, text(BEFORE));
    const session = follow([log]);
    await session.until(100);
    await session.stop();
    const [position] = session.saved().files;
    shift(log);
    let missed = 0;
    for (let round = 0; round < 200; round++) {
      const search = locate(position!, () => false);
      for (let turn = 0; turn < round % 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      renameSync(`${log}.${1 + (round % 2)}`, `${log}.${2 - (round % 2)}`);
      const found = await search;
      if (found === undefined) missed++;
      await found?.handle.close();
    }
    expect(missed).toBe(0);
  });
});

/** Moves a.log.1 to a.log.2 and so on, and (unless told otherwise) a.log to a.log.1. */
function shift(log: string, withLog = true): void {
  for (let number = 9; number >= 0; number--) {
    const from = number === 0 ? log : `${log}.${number}`;
    if (number === 0 && !withLog) return;
    if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, `${log}.${number + 1}`);
  }
}
