import type { Archive, Range } from "../history/archive.ts";
import type { Samples } from "../history/buckets.ts";
import { readWindows } from "../history/windows.ts";
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
export function compareCourses(read: (range: Range) => Samples, range: Range, backMs: number): Comparison {
  const now = courseOf(read(range));
  const before = courseOf(read({ fromMs: range.fromMs - backMs, toMs: range.toMs - backMs }));
  const isComparable = now.mean !== undefined && before.mean !== undefined && before.mean !== 0;
  return { now, before, change: isComparable ? (now.mean ?? 0) / (before.mean ?? 1) - 1 : undefined };
}

/** Reads a measure of one history in windows of `stepMs`. */
export function readMeasure(
  archive: Archive,
  history: number,
  measure: Measure,
  stepMs: number,
  isCounter: (name: string) => boolean,
): (range: Range) => Samples {
  const series = archive.series(history).filter((one) => measure.needs(one));
  return (range) => {
    const windows = readWindows(archive, history, series, { ...range, stepMs }, isCounter);
    const measured = series.flatMap((one) => {
      const found = windows.get(one.id);
      return found === undefined ? [] : [{ series: one, windows: found }];
    });
    return measure.compute(measured, stepMs);
  };
}

function courseOf(samples: Samples): Course {
  const sorted = [...samples.values].sort((a, b) => a - b);
  if (sorted.length === 0) return { samples, mean: undefined, p95: undefined, max: undefined };
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { samples, mean, p95: sorted[Math.ceil(sorted.length * 0.95) - 1], max: sorted.at(-1) };
}
