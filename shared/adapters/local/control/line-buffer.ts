/** Chunks of a socket into lines, with a bound on how much an unfinished one may hold. */

export class LineBuffer {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #length = 0;
  #hasEnd = false;

  /** `limit` in bytes, for one line with its end. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** More than the limit without an end: there is no way on from here. */
  get isOverfull(): boolean {
    return this.#length > this.#limit;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#hasEnd ||= chunk.includes(0x0a);
  }

  /** The next whole line without its end, or undefined. */
  shift(): string | undefined {
    if (!this.#hasEnd) return undefined;
    // What is left of one chunk is not copied for each of its lines: there may be a quarter of a million of them.
    const [first, ...more] = this.#chunks as [Buffer, ...Buffer[]];
    const bytes = more.length === 0 ? first : Buffer.concat(this.#chunks);
    const end = bytes.indexOf(0x0a);
    const rest = bytes.subarray(end + 1);
    this.#chunks = [rest];
    this.#length = rest.length;
    this.#hasEnd = rest.includes(0x0a);
    return bytes.toString("utf8", 0, end);
  }
}
