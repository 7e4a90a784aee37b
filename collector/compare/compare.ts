import type { Range } from "../history/archive.ts";
import type { Samples } from "../history/buckets.ts";
import type { HistoryReader } from "../history/reader.ts";
import type { History } from "../inventory/history-record.ts";
import type { Measure } from "./measures.ts";

/** One figure of a machine over some time. */
export interface Course {
  readonly samples: Samples;
  /** Undefined where nothing is known of that time. */
  readonly mean: number | undefined;
  readonly p95: number | undefined;
  readonly max: number | undefined;
}

export interface Comparison {
  readonly now: Course;
  readonly before: Course;
  /** By how much the mean of now is more than that of before: 0.5 is half as much again. */
  readonly change: number | undefined;
}

/** A machine against itself, `backMs` before: across rebuilds, since both are of one history. */
export async function compareCourses(
  read: (range: Range) => Promise<Samples>,
  range: Range,
  backMs: number,
): Promise<Comparison> {
  const now = courseOf(await read(range));
  const before = courseOf(await read({ fromMs: range.fromMs - backMs, toMs: range.toMs - backMs }));
  const isComparable = now.mean !== undefined && before.mean !== undefined && before.mean !== 0;
  return { now, before, change: isComparable ? (now.mean ?? 0) / (before.mean ?? 1) - 1 : undefined };
}

/** Reads a measure of one history in windows of `stepMs`. */
export function readMeasure(
  reader: HistoryReader,
  history: History,
  measure: Measure,
  stepMs: number,
): (range: Range) => Promise<Samples> {
  return async (range) =>
    measure.compute(await reader.windows(history, measure, { ...range, stepMs }), stepMs);
}

/** The windows that are wholly within the range: a part of one shows a part of what was counted. */
export function wholeWindows({ fromMs, toMs }: Range, stepMs: number): Range {
  const [first, last] = [Math.ceil(fromMs / stepMs), Math.floor(toMs / stepMs)];
  return first < last ? { fromMs: first * stepMs, toMs: last * stepMs } : { fromMs, toMs };
}

function courseOf(samples: Samples): Course {
  const sorted = [...samples.values].sort((a, b) => a - b);
  if (sorted.length === 0) return { samples, mean: undefined, p95: undefined, max: undefined };
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { samples, mean, p95: sorted[Math.ceil(sorted.length * 0.95) - 1], max: sorted.at(-1) };
}
