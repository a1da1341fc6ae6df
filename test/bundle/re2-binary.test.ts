/** How the Lambdas' re2 is had: from a mirror by its hash, by compiling, out of the cache; and never a wrong one. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "../../cdk/bundle/build-cache.ts";
import { judgeAddon } from "../../cdk/bundle/native-guard.ts";
import { cachedRe2, obtainRe2, type Way } from "../../cdk/bundle/re2-binary.ts";
import { compilerLacks } from "../../cdk/bundle/re2-compile.ts";
import { fetchPrebuilt } from "../../cdk/bundle/re2-prebuilt.ts";
import { TARGET_RUNTIME } from "../../cdk/bundle/target-runtime.ts";
import { lambdaParts } from "../support/node24.ts";
import { available } from "../support/require.ts";
import { elf } from "./elf.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fleet2ban-re2-"));
  folders.push(folder);
  return folder;
}

describe("the prebuilt from a mirror", () => {
  const addon = elf();
  const hash = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const hashes = { "linux-x64-137": hash(addon) };
  let asked: string[] = [];
  beforeEach(() => {
    asked = [];
  });
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** A mirror with one answer for everything; undefined = never answers. */
  async function mirror(status: number, body: Buffer | undefined): Promise<string> {
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(status);
      // Headers alone: a body that does not come must not hold the build for ever.
      if (body === undefined) response.flushHeaders();
      else response.end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const source = (url: string) => ({ version: "1.27.1", hashes, mirror: url, timeoutMs: 500 });

  it("is unpacked and believed by its hash", async () => {
    const url = await mirror(200, brotliCompressSync(addon));
    expect(await fetchPrebuilt("x64", source(`${url}/`))).toEqual(addon);
    expect(asked).toEqual(["/uhop/node-re2/releases/download/1.27.1/linux-x64-137.br"]);
  });

  it.each([
    { name: "other bytes", status: 200, body: brotliCompressSync(elf({ padding: 1 })), says: "re2's package says" },
    { name: "a page instead of the file", status: 200, body: Buffer.from("<html>log in</html>"), says: "not brotli" },
    {
      name: "a bomb",
      status: 200,
      body: brotliCompressSync(Buffer.alloc(70 * 2 ** 20)),
      says: "not brotli, or more than 64 MB",
    },
    { name: "no such release", status: 404, body: Buffer.from("no"), says: "HTTP 404" },
    { name: "a body that never comes", status: 200, body: undefined, says: "timeout" },
  ])("is refused: $name", async ({ status, body, says }) => {
    const url = await mirror(status, body);
    await expect(fetchPrebuilt("x64", source(url))).rejects.toThrow(says);
  });

  it("is not asked for where re2 publishes no hash", async () => {
    const url = await mirror(200, brotliCompressSync(addon));
    await expect(fetchPrebuilt("arm64", source(url))).rejects.toThrow("publishes no hash for linux-arm64-137");
    expect(asked).toEqual([]);
  });
});

describe("obtaining the addon", () => {
  const gives = (name: string, bytes: Buffer): Way & { times: number } => ({
    name,
    times: 0,
    async get(_, scratch) {
      this.times += 1;
      writeFileSync(join(scratch, "made.node"), bytes);
      return join(scratch, "made.node");
    },
  });
  const fails: Way = {
    name: "mirror",
    get: async () => {
      throw new Error("unreachable");
    },
  };
  const right = elf();
  const wrong = elf({ abi: "115", machine: 183 });

  it("keeps what the first way gives, and asks nobody the second time", async () => {
    const cache = newFolder();
    const first = gives("first", right);
    const path = await obtainRe2("x64", { cache, say: () => {}, ways: [first, fails] });
    expect(readFileSync(path)).toEqual(right);
    expect(await obtainRe2("x64", { cache, say: () => {}, ways: [fails] })).toBe(path);
    expect(first.times).toBe(1);
    expect(readdirSync(cache)).toEqual([expect.stringMatching(/^re2-.*-linux-x64-137\.node$/)]);
  });

  it("goes on to the next way, and says why", async () => {
    const said: string[] = [];
    const ways = [fails, gives("host's addon", wrong), gives("compiler", right)];
    const path = await obtainRe2("x64", { cache: newFolder(), say: (line) => said.push(line), ways });
    expect(readFileSync(path)).toEqual(right);
    expect(said).toEqual([
      "re2 for x64 by mirror: unreachable",
      expect.stringContaining(
        "host's addon: it would not load: it is for arm64, and the function runs on x64; it is for",
      ),
    ]);
  });

  it("refuses a wrong binary, whoever made it, and leaves nothing of it", async () => {
    const cache = newFolder();
    const ways = [fails, gives("compiler", wrong)];
    await expect(obtainRe2("x64", { cache, say: () => {}, ways })).rejects.toThrow(
      [
        "no re2 that runs on nodejs24.x (x64) can be had:",
        "- mirror: unreachable",
        "- compiler: it would not load: it is for arm64, and the function runs on x64; it is for Node ABI 115, and nodejs24.x has ABI 137",
      ].join("\n"),
    );
    expect(readdirSync(cache)).toEqual([]);
  });

  it("does not use a cached addon that was cut off or exchanged", async () => {
    const cache = newFolder();
    const path = await obtainRe2("x64", { cache, say: () => {}, ways: [gives("first", right)] });
    for (const bad of [right.subarray(0, right.length - 1), wrong, Buffer.alloc(0)]) {
      writeFileSync(path, bad);
      expect(cachedRe2("x64", cache)).toBeUndefined();
      await obtainRe2("x64", { cache, say: () => {}, ways: [gives("again", right)] });
      expect(readFileSync(path)).toEqual(right);
    }
  });

  it("builds once for all who ask at once", async () => {
    const cache = newFolder();
    const slow = gives("slow", right);
    const ways: Way[] = [
      { name: "slow", get: (a, scratch) => new Promise((r) => setTimeout(() => r(slow.get(a, scratch)), 300)) },
    ];
    const paths = await Promise.all(Array.from({ length: 4 }, () => obtainRe2("x64", { cache, say: () => {}, ways })));
    expect(new Set(paths).size).toBe(1);
    expect(slow.times).toBe(1);
  });

  it("takes over the lock of a process that died", async () => {
    const cache = newFolder();
    const lock = join(cache, "x.lock");
    const dead = execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }).trim();
    writeFileSync(lock, dead);
    expect(
      await withLock(
        lock,
        () => {},
        async () => "worked",
      ),
    ).toBe("worked");
    expect(existsSync(lock)).toBe(false);
  });

  it("waits while another process works, and says so", async () => {
    const cache = newFolder();
    mkdirSync(cache, { recursive: true });
    const lock = join(cache, "x.lock");
    writeFileSync(lock, String(process.ppid));
    setTimeout(() => rmSync(lock), 600);
    const said: string[] = [];
    let free = false;
    await withLock(
      lock,
      (line) => said.push(line),
      async () => {
        free = !existsSync(lock) || readFileSync(lock, "utf8") === String(process.pid);
      },
    );
    expect(free).toBe(true);
    expect(said).toEqual([`waiting for process ${process.ppid}, which builds the same`]);
  });
});

describe("the compiler", () => {
  it("is asked for by the names that Debian has for it", () => {
    const path = process.env.PATH;
    process.env.PATH = newFolder();
    try {
      expect(compilerLacks(process.arch === "arm64" ? "x64" : "arm64")).toMatch(
        /^(only Linux .*|\S+-linux-gnu-g\+\+, make, python3 not found \(Debian: apt-get install make python3 g\+\+-\S+-linux-gnu\))$/,
      );
    } finally {
      process.env.PATH = path;
    }
  });
});

describe("the addon that the build ships", async () => {
  const parts = await lambdaParts();
  const cross = process.arch === "arm64" ? "x64" : "arm64";
  const crossCompiler = cross === "arm64" ? "aarch64-linux-gnu-g++" : "x86_64-linux-gnu-g++";

  it.skipIf(parts === undefined)("matches under the runtime's Node, whose ABI is the one we aim at", () => {
    const { node, re2 } = parts!;
    const program = `
      const RE2 = require(${JSON.stringify(re2)});
      const set = new RE2.Set(["invalid user", "from (\\\\S+)$"]);
      console.log(JSON.stringify([process.versions.modules, "" + new RE2("^a+b").test("aab"), set.match("x from y")]));
    `;
    const said = execFileSync(node, ["-e", program], { encoding: "utf8" });
    expect(JSON.parse(said)).toEqual([TARGET_RUNTIME.abi, "true", [1]]);
  });

  it.skipIf(parts === undefined || !available([crossCompiler]))(
    "is had for the other processor too",
    async () => {
      const path = await obtainRe2(cross, { say: console.warn });
      expect(judgeAddon(readFileSync(path), cross)).toMatchObject({ kind: "fits", addon: { machine: cross } });
    },
    600_000,
  );
});
