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
  /** Says whether that woke anybody. */
  readonly resume: () => boolean;
}

/** Nobody comes back from here: what a process that ended waits for. Its own each time, or the last would keep all worlds. */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}

export class World {
  /** Epoch ms. */
  now: number;
  weather: Weather = CALM;
  /** How often somebody or something went on. */
  events = 0;
  /** Calls that failed, hung or lost their answer, and crashes. */
  faults = 0;
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
    return new Promise((resolve) => this.wake(resolve, duration));
  }

  /** Wakes somebody in so many ms of this world. */
  wake(resume: () => void, duration = 0): void {
    this.#after(duration, () => {
      resume();
      return true;
    });
  }

  /** Lets everything happen that happens until `end` (epoch ms). */
  async run(end: number): Promise<void> {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || next.due > end) {
        this.now = end;
        return;
      }
      this.#removeFirst();
      this.events += 1;
      this.now = Math.max(this.now, next.due);
      // Who was woken goes on until all of it waits again: the next tick comes when no promise has anything to do.
      if (next.resume()) await nextTick();
    }
  }

  /** Runs a function as its platform does: it ends by itself, by a crash, or by its time-out (ms). */
  live<T>(timeout: number, work: (life: Life) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const life: Life = {
        ended: false,
        isSlow: this.chance(this.weather.stalls),
        end(why) {
          life.ended = true;
          reject(new Error(why));
        },
      };
      this.#after(timeout, () => {
        if (life.ended) return false;
        life.end("the function's time is over");
        return true;
      });
      const done = (settle: () => void) => {
        life.ended = true;
        settle();
      };
      work(life).then(
        (result) => done(() => resolve(result)),
        (error: unknown) => done(() => reject(error)),
      );
    });
  }

  /** One call of a port: it takes time, and what the weather brings. Of a process that has ended nothing comes back. */
  call<T>(life: Life, what: string, effect: () => T): Promise<T> {
    const { failsBefore, failsAfter, crashes, stalls } = this.weather;
    const [low, high] = life.isSlow ? [500, 5_000] : [1, 40];
    const isStalled = this.chance(stalls);
    if (isStalled) this.faults += 1;
    const before = isStalled ? this.between(1_000, 20_000) : this.between(low!, high!);
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        this.faults += 1;
        reject(error);
        return true;
      };
      this.#after(before, () => {
        if (life.ended) return false;
        if (this.chance(crashes)) return this.#crash(life, `crashed before ${what}`);
        if (this.chance(failsBefore)) return fail(unavailable(what));
        let result: T;
        try {
          result = effect();
        } catch (error) {
          // Direction: a defect, for the caller as for the judge.
          return fail(error);
        }
        this.#after(this.between(1, 40), () => {
          if (life.ended) return false;
          if (this.chance(crashes)) return this.#crash(life, `crashed after ${what}`);
          if (this.chance(failsAfter)) return fail(unavailable(what));
          resolve(result);
          return true;
        });
        return false;
      });
    });
  }

  #crash(life: Life, why: string): boolean {
    this.faults += 1;
    life.end(why);
    return true;
  }

  #after(duration: number, resume: Waiting["resume"]): void {
    this.#order += 1;
    this.#add({ due: this.now + Math.max(0, duration), order: this.#order + this.random() * 3, resume });
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

function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function unavailable(what: string): PortError {
  return new PortError("unavailable", `the storm took ${what}`, "Try again.");
}
