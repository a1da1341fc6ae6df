/** Work on many things at once, but on no more than so many: what hides the latency of a remote table. */

/**
 * Does `work` on each item, `width` of them side by side, and takes them up in their order. After the first failure no
 * further item is taken up; what is under way ends, and then that failure is thrown.
 */
export async function sideBySide<T>(
  items: readonly T[],
  width: number,
  work: (item: T, nth: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const worker = async () => {
    while (next < items.length && failures.length === 0) {
      const nth = next++;
      try {
        await work(items[nth]!, nth);
      } catch (error) {
        // Direction: thrown once nobody works any more.
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, width), items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
