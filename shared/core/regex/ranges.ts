/** Sets of code points as sorted ranges, inclusive and apart. */

export type Ranges = readonly (readonly [from: number, to: number])[];

export const LAST_CODE = 0x10ffff;

/** Sorted, and joined where they touch. */
export function normalized(ranges: Ranges): Ranges {
  const joined: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((left, right) => left[0] - right[0])) {
    const open = joined.at(-1);
    if (open !== undefined && from <= open[1] + 1) open[1] = Math.max(open[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** Everything that is not in `ranges`. */
export function complement(ranges: Ranges): Ranges {
  const gaps: [number, number][] = [];
  let start = 0;
  for (const [from, to] of normalized(ranges)) {
    if (from > start) gaps.push([start, from - 1]);
    start = to + 1;
  }
  if (start <= LAST_CODE) gaps.push([start, LAST_CODE]);
  return gaps;
}

/** What both have in common; both must be normalized. */
export function intersection(left: Ranges, right: Ranges): Ranges {
  const common: [number, number][] = [];
  for (let one = 0, other = 0; one < left.length && other < right.length; ) {
    const from = Math.max(left[one]![0], right[other]![0]);
    const to = Math.min(left[one]![1], right[other]![1]);
    if (from <= to) common.push([from, to]);
    if (left[one]![1] < right[other]![1]) one += 1;
    else other += 1;
  }
  return common;
}

/** The code points from `first` to `last` for which `condition` holds. */
export function scan(first: number, last: number, condition: (code: number) => boolean): Ranges {
  const ranges: [number, number][] = [];
  for (let code = first; code <= last; code += 1) {
    if (!condition(code)) continue;
    const open = ranges.at(-1);
    if (open !== undefined && open[1] === code - 1) open[1] = code;
    else ranges.push([code, code]);
  }
  return ranges;
}

/** Whether `code` is in `ranges`, which are sorted. */
export function includes(ranges: Ranges, code: number): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [from, to] = ranges[middle]!;
    if (code < from) high = middle - 1;
    else if (code > to) low = middle + 1;
    else return true;
  }
  return false;
}
