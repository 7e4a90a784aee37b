/** Samples of one series in ascending order of time, milliseconds since 1970. */
export interface Samples {
  readonly times: readonly number[];
  readonly values: readonly number[];
}

export const NO_SAMPLES: Samples = { times: [], values: [] };

/** A counter that is silent for longer has run in the meantime, nobody knows how. */
export const LONGEST_GAP_MS = 300_000;

/** What a gauge was within each window of `stepMs`, at the window's end. Windows without a sample are left out. */
export function gaugeBuckets(
  { times, values }: Samples,
  stepMs: number,
): { readonly mean: Samples; readonly max: Samples } {
  const sums = new Map<number, { sum: number; count: number; max: number }>();
  for (const [i, time] of times.entries()) {
    const value = values[i] ?? 0;
    const end = windowEnd(time, stepMs);
    const bucket = sums.get(end);
    if (bucket === undefined) sums.set(end, { sum: value, count: 1, max: value });
    else {
      bucket.sum += value;
      bucket.count++;
      bucket.max = Math.max(bucket.max, value);
    }
  }
  const ends = [...sums.keys()];
  const buckets = [...sums.values()];
  return {
    mean: { times: ends, values: buckets.map(({ sum, count }) => sum / count) },
    max: { times: ends, values: buckets.map(({ max }) => max) },
  };
}

/**
 * By how much a counter grew within each window of `stepMs`, at the window's end. One that is less than
 * before has begun anew, with the machine's reboot or rebuild: all it shows is growth.
 */
export function counterBuckets({ times, values }: Samples, stepMs: number): Samples {
  const increases = new Map<number, number>();
  const longestMs = Math.max(LONGEST_GAP_MS, stepMs);
  for (let i = 1; i < times.length; i++) {
    const [before = 0, now = 0] = [values[i - 1], values[i]];
    const [beforeMs = 0, nowMs = 0] = [times[i - 1], times[i]];
    if (nowMs - beforeMs > longestMs) continue;
    const end = windowEnd(nowMs, stepMs);
    increases.set(end, (increases.get(end) ?? 0) + (now >= before ? now - before : now));
  }
  return { times: [...increases.keys()], values: [...increases.values()] };
}

/** Sums of what is counted already, in larger windows. */
export function sumBuckets({ times, values }: Samples, stepMs: number): Samples {
  const sums = new Map<number, number>();
  for (const [i, time] of times.entries()) {
    const end = windowEnd(time, stepMs);
    sums.set(end, (sums.get(end) ?? 0) + (values[i] ?? 0));
  }
  return { times: [...sums.keys()], values: [...sums.values()] };
}

/** Windows are aligned to 1970; a sample on the border belongs to the window that ends there. */
function windowEnd(time: number, stepMs: number): number {
  return Math.ceil(time / stepMs) * stepMs;
}

/** Sorted by time, each time once: the sample given last wins, so that one sent twice is one. */
export function mergeSamples(parts: readonly Samples[]): Samples {
  const [only = NO_SAMPLES, ...others] = parts;
  const times = others.length === 0 ? only.times : parts.flatMap((part) => part.times);
  const values = others.length === 0 ? only.values : parts.flatMap((part) => part.values);
  // Nearly always: what came later is later.
  if (isAscending(times)) return { times, values };
  const byTime = new Map(times.map((time, i) => [time, values[i] ?? 0]));
  const sorted = [...byTime.keys()].sort((a, b) => a - b);
  return { times: sorted, values: sorted.map((time) => byTime.get(time) ?? 0) };
}

function isAscending(times: readonly number[]): boolean {
  return times.every((time, i) => i === 0 || time > (times[i - 1] ?? 0));
}

/** Those with `fromMs` < time ≤ `toMs`. */
export function sliceSamples({ times, values }: Samples, fromMs: number, toMs: number): Samples {
  const start = times.findIndex((time) => time > fromMs);
  const end = times.findIndex((time) => time > toMs);
  if (start === -1) return NO_SAMPLES;
  const stop = end === -1 ? times.length : end;
  return { times: times.slice(start, stop), values: values.slice(start, stop) };
}
