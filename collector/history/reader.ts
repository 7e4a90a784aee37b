import type { History } from "../inventory/history-record.ts";
import type { Range } from "./archive.ts";
import type { Samples } from "./buckets.ts";
import type { StoredSeries } from "./series-ids.ts";
import type { WindowRange, Windows } from "./windows.ts";

export type SeriesName = Pick<StoredSeries, "name" | "labels">;

/** Which series of a machine are asked for: by their names, and of those the ones that are needed. */
export interface Wanted {
  readonly names: readonly string[];
  needs(series: SeriesName): boolean;
}

/** One series with its samples as they came. */
export interface Sampled {
  readonly series: SeriesName;
  readonly samples: Samples;
}

/** One series with its windows. */
export interface Measured {
  readonly series: SeriesName;
  readonly windows: Windows;
}

/** Where history is read: our own archive, or whatever answers PromQL. Series without samples are left out. */
export interface HistoryReader {
  samples(history: History, wanted: Wanted, range: Range): Promise<readonly Sampled[]>;
  windows(history: History, wanted: Wanted, range: WindowRange): Promise<readonly Measured[]>;
  close(): Promise<void>;
}
