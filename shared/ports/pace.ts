/** A slot for each thing that may not be done too often, shared by everybody who does it. */

export interface Pace {
  /**
   * Takes the next free slot of `what` as of `now` (epoch ms), slots being `gap` ms apart, and says how many ms to wait
   * for it; 0 where nobody took one lately. A slot is taken even if it is not used, but one that is more than `longest`
   * ms away is not taken: who cannot wait for it must not push the others further away. One more than an hour away is
   * nobody's: it counts as free.
   */
  reserve(what: string, gap: number, now: number, longest?: number): Promise<number>;
}
