/**
 * The guard: reads a native addon's bytes and says whether it will load on the Lambda runtime.
 *
 * An addon for the wrong machine, the wrong Node or too new a system is the classic dead function: it bundles and deploys
 * without a word and fails at the first call. Everything asked here stands in the ELF file's dynamic section, so nothing is
 * run and no tool is needed. A file that cannot be read to its end is refused, never half believed.
 */
import { type Architecture, TARGET_RUNTIME } from "./target-runtime.ts";

/** What an addon says of itself. */
export interface Addon {
  /** By Node's name, or the number of the ELF header where Node has none. */
  readonly machine: string;
  /** NODE_MODULE_VERSION, or undefined: it is no addon of Node's classic kind. */
  readonly abi: string | undefined;
  /** Newest version needed of each set of symbols: { GLIBC: "2.34" }. A version without a number is kept as it is. */
  readonly symbols: Readonly<Record<string, string>>;
  /** Names of the shared libraries that it needs. */
  readonly libraries: readonly string[];
  readonly bytes: number;
}

export type Verdict =
  | { readonly kind: "fits"; readonly addon: Addon }
  /** One sentence for each thing that is wrong. */
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

const MACHINES: ReadonlyMap<number, string> = new Map([
  [3, "ia32"],
  [40, "arm"],
  [62, "x64"],
  [183, "arm64"],
  [243, "riscv64"],
]);

/** A stripped re2 has 1.6 MB; one with its symbols has 24 and would be most of what a cold start loads. */
const MAX_BYTES = 3 * 1024 * 1024;

/** Judges an addon's bytes for a Lambda of this architecture. */
export function judgeAddon(bytes: Buffer, architecture: Architecture): Verdict {
  const foreign = foreignFormat(bytes);
  if (foreign !== undefined) return { kind: "refused", reasons: [foreign] };
  let addon: Addon;
  try {
    addon = readAddon(bytes);
  } catch (error) {
    // Refuses: an ELF header that leads out of the file means a cut or damaged file.
    if (!(error instanceof RangeError)) throw error;
    return { kind: "refused", reasons: ["it is cut off or damaged: its ELF tables lead out of the file"] };
  }
  const reasons = [...misfits(addon, architecture)];
  return reasons.length === 0 ? { kind: "fits", addon } : { kind: "refused", reasons };
}

function* misfits(addon: Addon, architecture: Architecture): Iterable<string> {
  const { abi, symbols, libraries: offered, name } = TARGET_RUNTIME;
  if (addon.machine !== architecture) yield `it is for ${addon.machine}, and the function runs on ${architecture}`;
  if (addon.abi === undefined) yield "it does not register itself as an addon of Node.js";
  else if (addon.abi !== abi) yield `it is for Node ABI ${addon.abi}, and ${name} has ABI ${abi}`;
  for (const [set, needed] of Object.entries(addon.symbols)) {
    const has = symbols[set as keyof typeof symbols];
    if (has === undefined || !/^[\d.]+$/.test(needed) || compareVersions(needed, has) > 0)
      yield `it needs ${set}_${needed}, and ${name} has ${has === undefined ? "none" : `up to ${set}_${has}`}`;
  }
  for (const library of addon.libraries) {
    if (!offered.test(library)) yield `it needs ${library}, which ${name} does not have`;
  }
  if (addon.bytes > MAX_BYTES)
    yield `it has ${(addon.bytes / 1e6).toFixed(1)} MB, more than ${(MAX_BYTES / 1e6).toFixed(1)}: it was not stripped`;
}

function foreignFormat(bytes: Buffer): string | undefined {
  if (bytes.length < 64) return `it has ${bytes.length} bytes, less than an ELF header`;
  const magic = bytes.toString("hex", 0, 4);
  if (magic.startsWith("4d5a")) return "it is for Windows (a PE file)";
  if (["cffaedfe", "cefaedfe", "feedfacf", "feedface", "cafebabe"].includes(magic))
    return "it is for macOS (a Mach-O file)";
  if (magic !== "7f454c46") return `it is no native addon: it begins with ${magic}`;
  if (bytes[4] !== 2 || bytes[5] !== 1) return "it is for a 32-bit or big-endian machine";
  if (bytes.readUInt16LE(16) !== 3) return "it is no shared object";
  return undefined;
}

const SEGMENT = { load: 1, dynamic: 2 } as const;
const ENTRY = { end: 0n, needed: 1n, strings: 5n, stringsSize: 10n } as const;

/** Throws a RangeError where a table leads out of the file. */
function readAddon(bytes: Buffer): Addon {
  const segments = readSegments(bytes);
  // The section headers come last in a file, so a download that broke off shows here, wherever it broke.
  slice(bytes, number(bytes, 40), bytes.readUInt16LE(58) * bytes.readUInt16LE(60));
  for (const segment of segments) slice(bytes, segment.offset, segment.size);
  const dynamic = segments.find((segment) => segment.type === SEGMENT.dynamic);
  if (dynamic === undefined) throw new RangeError("no dynamic section");
  const entries = readDynamic(slice(bytes, dynamic.offset, dynamic.size));
  const value = (tag: bigint) => entries.find((entry) => entry.tag === tag)?.value ?? 0;
  const home = value(ENTRY.strings);
  const load = segments.find(
    ({ type, address, size }) => type === SEGMENT.load && home >= address && home < address + size,
  );
  if (load === undefined) throw new RangeError("no string table");
  const strings = slice(bytes, load.offset + home - load.address, value(ENTRY.stringsSize)).toString("latin1");
  const names = strings.split("\0");
  return {
    machine: MACHINES.get(bytes.readUInt16LE(18)) ?? `ELF machine ${bytes.readUInt16LE(18)}`,
    abi: names.map((name) => /^node_register_module_v(\d+)$/.exec(name)?.[1]).find((abi) => abi !== undefined),
    symbols: newest(names),
    libraries: entries
      .filter((entry) => entry.tag === ENTRY.needed)
      .map((entry) => strings.slice(entry.value, strings.indexOf("\0", entry.value))),
    bytes: bytes.length,
  };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function readSegments(bytes: Buffer): readonly Segment[] {
  const start = number(bytes, 32);
  const length = bytes.readUInt16LE(54);
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, i) => {
    const header = slice(bytes, start + i * length, 56);
    return {
      type: header.readUInt32LE(0),
      offset: number(header, 8),
      address: number(header, 16),
      size: number(header, 32),
    };
  });
}

function readDynamic(section: Buffer): readonly { readonly tag: bigint; readonly value: number }[] {
  const entries = [];
  for (let at = 0; at + 16 <= section.length && section.readBigInt64LE(at) !== ENTRY.end; at += 16)
    entries.push({ tag: section.readBigInt64LE(at), value: number(section, at + 8) });
  return entries;
}

function newest(names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const [, set, version] = /^(GLIBC|GLIBCXX|CXXABI|GCC)_([\w.]+)$/.exec(name) ?? [];
    if (set === undefined || version === undefined) continue;
    const known = found[set];
    // A version without a number (GLIBC_PRIVATE, GLIBC_ABI_DT_RELR) is above all others: no system promises it.
    if (known === undefined || compareVersions(version, known) > 0) found[set] = version;
  }
  return found;
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map((part) => (/^\d+$/.test(part) ? +part : 1e9)));
  for (let i = 0; i < Math.max(left!.length, right!.length); i += 1) {
    const difference = (left![i] ?? 0) - (right![i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function number(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

function slice(bytes: Buffer, start: number, length: number): Buffer {
  if (start + length > bytes.length) throw new RangeError(`${start}+${length} of ${bytes.length}`);
  return bytes.subarray(start, start + length);
}
