/** Smallest ELF shared objects that say what an addon says of itself, for tables of what the guard must see. */

export interface ElfOptions {
  /** e_machine: 62 is x64, 183 is arm64. */
  readonly machine?: number;
  readonly abi?: string;
  /** Symbol versions and other names of the dynamic string table. */
  readonly names?: readonly string[];
  readonly libraries?: readonly string[];
  /** Zeros in front of the section headers, as many as the code of a real one would have. */
  readonly padding?: number;
}

const HEADER = 64;
const SEGMENTS = 2 * 56;

/** An addon that fits the Lambda runtime on x64, but for what is given. */
export function elf({
  machine = 62,
  abi = "137",
  names = ["GLIBC_2.2.5", "GLIBC_2.34", "GLIBCXX_3.4.29", "CXXABI_1.3.9", "GCC_3.4"],
  libraries = ["libstdc++.so.6", "libc.so.6"],
  padding = 0,
}: ElfOptions = {}): Buffer {
  const symbol = abi === "" ? [] : [`node_register_module_v${abi}`];
  const strings = Buffer.from(`\0${[...libraries, ...symbol, ...names].join("\0")}\0`, "latin1");
  const offsets = libraries.map((_, i) => 1 + libraries.slice(0, i).join("\0").length + (i === 0 ? 0 : 1));
  const home = HEADER + SEGMENTS;
  const at = home + strings.length;
  const entries = [...offsets.map((offset) => [1, offset]), [5, home], [10, strings.length], [0, 0]];
  const dynamic = Buffer.concat(entries.map(([tag, value]) => words(tag!, value!)));
  const end = at + dynamic.length + padding;
  const header = Buffer.alloc(HEADER);
  header.write("7f454c46020101", 0, "hex");
  header.writeUInt16LE(3, 16);
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(BigInt(HEADER), 32);
  header.writeBigUInt64LE(BigInt(end), 40);
  for (const [offset, value] of [
    [54, 56],
    [56, 2],
    [58, 64],
    [60, 1],
  ] as const)
    header.writeUInt16LE(value, offset);
  const load = segment(1, 0, end);
  return Buffer.concat([
    header,
    load,
    segment(2, at, dynamic.length),
    strings,
    dynamic,
    Buffer.alloc(padding),
    Buffer.alloc(64),
  ]);
}

/** A segment that is mapped where it lies in the file. */
function segment(type: number, offset: number, size: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  return Buffer.concat([head, words(offset, offset, offset, size, size, 1)]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [i, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), i * 8);
  return bytes;
}
