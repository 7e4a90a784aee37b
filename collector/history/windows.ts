import type { Archive, Range } from "./archive.ts";
import {
  counterBuckets,
  gaugeBuckets,
  LONGEST_GAP_MS,
  mergeSamples,
  NO_SAMPLES,
  type Samples,
  sliceSamples,
  sumBuckets,
} from "./buckets.ts";
import { COARSE_STEP_MS } from "./coarse.ts";
import type { StoredSeries } from "./series-ids.ts";

export interface WindowRange extends Range {
  readonly stepMs: number;
}

/** A series in windows of equal length, each at its end. */
export type Windows =
  | { readonly kind: "gauge"; readonly mean: Samples; readonly max: Samples }
  | { readonly kind: "counter"; readonly increase: Samples };

/** Series in windows, from samples where there are, else from what is left of their days. Steps below the coarse ones apply to samples only. */
export function readWindows(
  archive: Archive,
  history: number,
  series: readonly StoredSeries[],
  range: WindowRange,
  isCounter: (name: string) => boolean,
): ReadonlyMap<number, Windows> {
  // Whole windows only come from samples: the first that may be cut off is not among them.
  const sampledMs = Math.ceil(archive.rawSinceMs / COARSE_STEP_MS) * COARSE_STEP_MS;
  const splitMs = Math.min(Math.max(range.fromMs, sampledMs), range.toMs);
  const recent = archive.read(
    history,
    series.map(({ id }) => id),
    { fromMs: splitMs - LONGEST_GAP_MS, toMs: range.toMs },
  );
  const old = { fromMs: range.fromMs, toMs: splitMs };
  const windows = series.map(({ id, name }): [number, Windows] => {
    const samples = recent.get(id) ?? NO_SAMPLES;
    const coarse = (kind: "mean" | "max" | "increase"): Samples =>
      old.fromMs < old.toMs ? archive.readCoarse(history, id, kind, old) : NO_SAMPLES;
    const join = (before: Samples, after: Samples): Samples =>
      mergeSamples([before, sliceSamples(after, splitMs, Number.POSITIVE_INFINITY)]);
    if (isCounter(name)) {
      const increase = join(
        sumBuckets(coarse("increase"), range.stepMs),
        counterBuckets(samples, range.stepMs),
      );
      return [id, { kind: "counter", increase }];
    }
    const later = gaugeBuckets(sliceSamples(samples, splitMs, range.toMs), range.stepMs);
    const mean = gaugeBuckets(coarse("mean"), range.stepMs).mean;
    const max = gaugeBuckets(coarse("max"), range.stepMs).max;
    return [id, { kind: "gauge", mean: join(mean, later.mean), max: join(max, later.max) }];
  });
  return new Map(windows);
}
