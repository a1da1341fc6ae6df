/**
 * The one host script, put together: what SSM carries is, byte for byte, what runs locally and in the tests.
 *
 * Comments and indentation are dropped, since a command and its document together may have 64 KB; the sources beside this
 * file keep them.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export interface HostScript {
  /** POSIX sh, to be run as root by `sh`; what it takes from its environment is told at the top of host-script.sh. */
  readonly text: string;
  /** Comes back in every receipt. */
  readonly version: string;
  /** Of the text, in hex: what an SSM document's hash and a receipt's script can be checked against. */
  readonly sha256: string;
}

export const hostScript: HostScript = assemble();

function assemble(): HostScript {
  const text = bare(read("host-script.sh")).replace(/^@include (\S+)\n/gm, (_, name: string) => quotable(name));
  const version = /^version=(\S+)$/m.exec(text)?.[1];
  if (version === undefined) throw new Error("host-script.sh has no version= line");
  return { text, version, sha256: createHash("sha256").update(text).digest("hex") };
}

/** An awk program stands between single quotes, so it may have none of its own. */
function quotable(name: string): string {
  const program = bare(read(`host-script/${name}`));
  if (program.includes("'")) throw new Error(`host-script/${name} has a single quote outside its comments`);
  return program;
}

function bare(source: string): string {
  const lines = source.split("\n").filter((line) => !/^\s*(#[^!].*|#)?$/.test(line));
  return lines.map((line) => `${line.trimStart()}\n`).join("");
}

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}
