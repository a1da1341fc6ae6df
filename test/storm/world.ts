/**
 * A world whose clock, order and luck come from one seed: everything that waits stands in one list, and the list alone
 * says what happens next. The same seed gives the same story, to the last fault.
 */
import { PortError } from "../../shared/ports/failure.ts";

/** What may go wrong at a call of a port, as shares of 1. */
export interface Weather {
  /** It fails, and nothing was done. */
  readonly failsBefore: number;
  /** It was done, and the answer is lost. */
  readonly failsAfter: number;
  /** The process that called ends, before or after. */
  readonly crashes: number;
  /** It takes seconds; and so many runs of a function are slow in all they do. */
  readonly stalls: number;
}

export const CALM: Weather = { failsBefore: 0, failsAfter: 0, crashes: 0, stalls: 0 };

/** One run of a function, which may end at any wait. */
export interface Life {
  ended: boolean;
  /** Whether all of its calls take seconds. */
  readonly isSlow: boolean;
  /** Ends it; whoever waits for it hears why. */
  end(why: string): void;
}

interface Waiting {
  readonly due: number;
  readonly order: number;
  readonly resume: () => void;
}

/** Nobody comes back from here: what a process that ended still waits for. */
export const NEVER: Promise<never> = new Promise(() => undefined);

export class World {
  /** Epoch ms. */
  now: number;
  weather: Weather = CALM;
  #state: number;
  /** A heap: who comes first stands at 0, and nobody before those at 2n + 1 and 2n + 2 comes later than they do. */
  readonly #waiting: Waiting[] = [];
  #order = 0;

  constructor(seed: number, start: number) {
    this.#state = (seed * 2654435761) >>> 0;
    this.now = start;
  }

  /** In [0, 1); mulberry32. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.between(0, list.length - 1)]!;
  }

  /** Waits so many ms of this world. */
  sleep(duration: number): Promise<void> {
    return new Promise((resume) => {
      this.#order += 1;
      this.#add({ due: this.now + Math.max(0, duration), order: this.#order + this.random() * 3, resume });
    });
  }

  /** Lets everything happen that happens until `end` (epoch ms). */
  async run(end: number): Promise<void> {
    for (;;) {
      // What was resumed goes on until all of it waits again.
      await new Promise<void>((resolve) => void setImmediate(resolve));
      const next = this.#waiting[0];
      if (next === undefined || next.due > end) {
        this.now = end;
        return;
      }
      this.#removeFirst();
      this.now = Math.max(this.now, next.due);
      next.resume();
    }
  }

  /** Runs a function as its platform does: it ends by itself, by a crash, or by its time-out (ms). */
  async live<T>(timeout: number, work: (life: Life) => Promise<T>): Promise<T> {
    let end = (_why: string): void => undefined;
    const ended = new Promise<never>((_, reject) => {
      end = (why) => reject(new Error(why));
    });
    const life: Life = {
      ended: false,
      isSlow: this.chance(this.weather.stalls),
      end(why) {
        life.ended = true;
        end(why);
      },
    };
    void this.sleep(timeout).then(() => {
      if (!life.ended) life.end("the function's time is over");
    });
    try {
      return await Promise.race([work(life), ended]);
    } finally {
      life.ended = true;
    }
  }

  /** One call of a port: it takes time, and what the weather brings. */
  async call<T>(life: Life, what: string, effect: () => T): Promise<T> {
    const { failsBefore, failsAfter, crashes, stalls } = this.weather;
    const low = life.isSlow ? 500 : 1;
    await this.sleep(this.chance(stalls) ? this.between(1_000, 20_000) : this.between(low, life.isSlow ? 5_000 : 40));
    if (life.ended) return NEVER;
    if (this.chance(crashes)) {
      life.end(`crashed before ${what}`);
      return NEVER;
    }
    if (this.chance(failsBefore)) throw unavailable(what);
    const result = effect();
    await this.sleep(this.between(1, 40));
    if (life.ended) return NEVER;
    if (this.chance(crashes)) {
      life.end(`crashed after ${what}`);
      return NEVER;
    }
    if (this.chance(failsAfter)) throw unavailable(what);
    return result;
  }

  #add(one: Waiting): void {
    const heap = this.#waiting;
    let at = heap.length;
    heap.push(one);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(one, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = one;
  }

  #removeFirst(): void {
    const heap = this.#waiting;
    const one = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!isBefore(heap[below]!, one)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = one;
  }
}

function isBefore(one: Waiting, other: Waiting): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order);
}

function unavailable(what: string): PortError {
  return new PortError("unavailable", `the storm took ${what}`, "Try again.");
}
