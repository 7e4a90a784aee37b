import type { Column } from "./block.ts";
import { counterBuckets, gaugeBuckets, type Samples } from "./buckets.ts";
import type { StoredSeries } from "./series-ids.ts";

/** What is left of a day: windows of five minutes, with mean and greatest value, or a counter's growth. */
export const COARSE_STEP_MS = 300_000;

export const COARSE = { mean: 0, max: 1, increase: 2 } as const;
export type CoarseKind = keyof typeof COARSE;

/** A mean has more digits than meaning: these are kept. */
const DIGITS = 6;

/** The column of a block that holds one kind of window of a series. */
export function coarseId(series: number, kind: CoarseKind): number {
  return series * 4 + COARSE[kind];
}

/** By ascending id. */
export function coarseColumns(
  series: readonly StoredSeries[],
  samples: ReadonlyMap<number, Samples>,
  isCounter: (name: string) => boolean,
): readonly Column[] {
  const columns: Column[] = [];
  for (const { id, name } of series) {
    const found = samples.get(id);
    if (found === undefined) continue;
    if (isCounter(name)) {
      columns.push({ id: coarseId(id, "increase"), ...counterBuckets(found, COARSE_STEP_MS) });
      continue;
    }
    const { mean, max } = gaugeBuckets(found, COARSE_STEP_MS);
    columns.push({ id: coarseId(id, "mean"), times: mean.times, values: mean.values.map(rounded) });
    columns.push({ id: coarseId(id, "max"), ...max });
  }
  return columns.sort((a, b) => a.id - b.id);
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
