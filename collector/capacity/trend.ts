import type { Samples } from "../history/buckets.ts";

/** When something is full, if it goes on as it did. */
export interface Forecast {
  /** By how much it grows. */
  readonly perDay: number;
  /** From now; 0 where the limit is reached. */
  readonly days: number;
}

const DAY_MS = 86_400_000;
/** A median of six hours: neither a spike nor the hour of a backup moves it. */
const BLOCK_MS = 21_600_000;
/** Two days of blocks: one day alone has an evening, not a trend. */
const FEWEST_BLOCKS = 8;
/** Of the normal distribution: one in forty series without a trend looks like one that grows. */
const SIGNIFICANT = 1.96;
/** Nobody plans by what is further away. */
const LONGEST_DAYS = 365;

/**
 * When `limit` is reached: the Theil–Sen line, the median of the slopes between all pairs of six-hour medians, which
 * a quarter of wild values does not move, where Mann and Kendall's test says that there is a trend at all. Undefined
 * for what does not grow, or not within a year.
 */
export function forecast(samples: Samples, limit: number, nowMs: number): Forecast | undefined {
  const blocks = mediansOf(samples);
  if (blocks.length < FEWEST_BLOCKS) return undefined;
  const slopes: number[] = [];
  let concordance = 0;
  for (const [i, [later, more]] of blocks.entries()) {
    for (const [earlier, less] of blocks.slice(0, i)) {
      slopes.push((more - less) / (later - earlier));
      concordance += Math.sign(more - less);
    }
  }
  const perMs = median(slopes);
  if (perMs <= 0 || !isSignificant(concordance, blocks.length)) return undefined;
  const level = median(blocks.map(([at, value]) => value + perMs * (nowMs - at)));
  const days = Math.max(0, (limit - level) / perMs / DAY_MS);
  return days > LONGEST_DAYS ? undefined : { perDay: perMs * DAY_MS, days };
}

/** Mann and Kendall's statistic over its standard deviation, ties aside. */
function isSignificant(concordance: number, count: number): boolean {
  const deviation = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  return (concordance - 1) / deviation > SIGNIFICANT;
}

function mediansOf({ times, values }: Samples): readonly (readonly [ms: number, value: number])[] {
  const blocks = new Map<number, number[]>();
  for (const [i, time] of times.entries()) {
    const block = Math.floor(time / BLOCK_MS);
    const members = blocks.get(block) ?? [];
    blocks.set(block, members);
    members.push(values[i] ?? 0);
  }
  return [...blocks].map(([block, members]) => [(block + 0.5) * BLOCK_MS, median(members)]);
}

/** Of a list that is not empty. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1];
  return ((sorted[low] ?? 0) + (sorted[high] ?? 0)) / 2;
}
