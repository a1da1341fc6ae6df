import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFollower } from "../../shared/adapters/local/follow/follower.ts";
import { follow, logDirectory, type Session } from "./follow-harness.ts";

describe("a bad file", () => {
  it("is reported once with what to do, read when permission comes, and keeps nobody waiting", async () => {
    const root = logDirectory();
    const log = join(root, "closed.log");
    const closed = join(root, "closed");
    writeFileSync(log, "1\n");
    writeFileSync(join(root, "open.log"), "2\n");
    mkdirSync(closed);
    writeFileSync(join(closed, "a.log"), "3\n");
    for (const path of [root, join(root, "open.log")]) chmodSync(path, path === root ? 0o755 : 0o644);
    for (const path of [log, closed]) chmodSync(path, 0);
    await unprivileged(async () => {
      const session = follow([log, join(root, "open.log"), join(closed, "a.log")]);
      await session.until(1);
      await session.quiet();
      expect(session.texts()).toEqual(["2"]);
      expect(session.notices.map(({ code, path }) => [code, path])).toEqual([
        ["unreadable", log],
        ["unreadable", join(closed, "a.log")],
      ]);
      expect(session.notices[0]?.message).toBe(`No permission to read ${log}`);
      expect(session.notices[0]?.next).toContain(`setfacl -m u:$(id -un):r ${log}`);
      await privileged(() => chmodSync(log, 0o644));
      await session.until(2);
      await privileged(() => chmodSync(closed, 0o755));
      await privileged(() => chmodSync(join(closed, "a.log"), 0o644));
      await session.until(3);
      expect(session.texts()).toEqual(["2", "1", "3"]);
      return session;
    });
  });

  it("that cannot be read at a restart keeps its place, even while the log is rotated", async () => {
    const root = logDirectory();
    const log = join(root, "a.log");
    writeFileSync(log, "1\n");
    chmodSync(root, 0o755);
    const first = follow([log]);
    await first.until(1);
    await first.stop();
    appendFileSync(log, "2\n");
    chmodSync(root, 0);
    await unprivileged(async () => {
      const closed = follow([log], { resume: first.saved() });
      await closed.untilNotice("unreadable");
      await closed.quiet();
      await closed.stop();
      const second = follow([log], { resume: closed.saved() });
      await second.untilNotice("unreadable");
      await privileged(() => {
        renameSync(log, `${log}.1`);
        writeFileSync(log, "3\n");
        chmodSync(root, 0o755);
      });
      await second.until(2);
      await second.quiet();
      expect([...second.texts()].sort()).toEqual(["2", "3"]);
      expect(second.notices.some(({ code }) => code === "lost")).toBe(false);
      return second;
    });
  });

  it("from the tail, that was closed at the start, is read from where it ended then", async () => {
    const root = logDirectory();
    const log = join(root, "a.log");
    writeFileSync(log, "old\n");
    chmodSync(root, 0o755);
    chmodSync(log, 0);
    await unprivileged(async () => {
      const session = follow([{ path: log, from: "tail" }]);
      await session.untilNotice("unreadable");
      await privileged(() => appendFileSync(log, "new\n"));
      await privileged(() => chmodSync(log, 0o644));
      await session.until(1);
      expect(session.texts()).toEqual(["new"]);
      return session;
    });
  });

  it.runIf(process.getuid?.() === 0)(
    "in a directory that cannot be watched is found by the poll, and that is said once",
    async () => {
      const root = logDirectory();
      const log = join(root, "a.log");
      writeFileSync(log, "1\n");
      // It may be passed through but not read: files open, inotify does not.
      chmodSync(root, 0o711);
      chmodSync(log, 0o644);
      await unprivileged(async () => {
        const session = follow([log]);
        await session.until(1);
        await privileged(() => appendFileSync(log, "2\n"));
        await session.until(2);
        await session.quiet();
        expect(session.notices.map(({ code, path }) => [code, path])).toEqual([["not-watched", root]]);
        return session;
      });
    },
  );

  it("may be a directory or a pipe, until it is a file", async () => {
    const root = logDirectory();
    const log = join(root, "a.log");
    mkdirSync(log);
    execFileSync("mkfifo", [join(root, "pipe.log")]);
    writeFileSync(join(root, "open.log"), "1\n");
    const session = follow([log, join(root, "pipe.log"), join(root, "open.log")]);
    await session.until(1);
    await session.quiet();
    expect(session.notices.map(({ code, path }) => [code, path])).toEqual([
      ["not-a-file", log],
      ["not-a-file", join(root, "pipe.log")],
    ]);
    rmSync(log, { recursive: true });
    writeFileSync(log, "2\n");
    await session.until(2);
    expect((await session.untilNotice("found")).path).toBe(log);
  });
});

describe("stopping", () => {
  it("ends a waiting iteration at once and leaves no file open", async () => {
    const root = logDirectory();
    const log = join(root, "a.log");
    writeFileSync(log, "1\n");
    const session = follow([log], { pollEvery: 3_600_000 });
    await session.until(1);
    expect(openIn(root)).toEqual([log]);
    await session.stop();
    expect(openIn(root)).toEqual([]);
  });

  it("works from within the loop, by leaving the loop, twice, and before the first look", async () => {
    const root = logDirectory();
    const log = join(root, "a.log");
    writeFileSync(log, "1\n");
    const make = () => createFollower({ paths: [{ path: log, from: "head" }], now: () => 0 });
    const within = make();
    let batches = 0;
    for await (const batch of within) {
      batches += batch.events.length;
      await within.stop();
    }
    expect(batches).toBe(1);
    const left = make();
    for await (const batch of left) if (batch.events.length > 0) break;
    await left.stop();
    const never = make();
    await never.stop();
    for await (const _batch of never) throw new Error("a stopped follower gave a batch");
    expect(openIn(root)).toEqual([]);
  });

  it("leaves nothing behind that keeps the process alive", () => {
    const root = logDirectory();
    writeFileSync(join(root, "a.log"), "1\n2\n");
    const child = new URL("follow-child.ts", import.meta.url).pathname;
    const args = ["--import", "tsx", child, join(root, "a.log"), join(root, "state"), "2"];
    // It ends by itself, or execFileSync throws.
    execFileSync(process.execPath, args, { timeout: 30_000 });
    expect(readdirSync(root).sort()).toEqual(["a.log", "state"]);
  });

  it("reads nothing ahead of the asking", async () => {
    const log = join(logDirectory(), "a.log");
    const line = `${"x".repeat(99)}\n`;
    writeFileSync(log, line.repeat(100_000));
    const follower = createFollower({ paths: [{ path: log, from: "head" }], now: () => 0 });
    const sizes: number[] = [];
    for await (const { events, positions } of follower) {
      sizes.push(events.length);
      const read = sizes.reduce((sum, size) => sum + size, 0);
      expect(positions.files[0]?.offset).toBe(read * line.length);
      if (read === 100_000) break;
    }
    // A batch and the chunk that completes it.
    expect(Math.max(...sizes) * line.length).toBeLessThanOrEqual(1024 * 1024 + 256 * 1024);
  });
});

/** Root may read everything, so the test gives its rights away for a while; the session is stopped before they come back. */
async function unprivileged(body: () => Promise<Session>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    await (await body()).stop();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

async function privileged(body: () => void): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(0);
  body();
  if (isRoot) process.seteuid?.(65534);
}

/** Files below a directory that this process has open. */
function openIn(directory: string): readonly string[] {
  const links = readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The descriptor of the listing itself.
      return [];
    }
  });
  return links.filter((path) => path.startsWith(directory));
}
