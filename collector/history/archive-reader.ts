import type { History } from "../inventory/history-record.ts";
import type { Archive } from "./archive.ts";
import type { HistoryReader, Wanted } from "./reader.ts";
import type { StoredSeries } from "./series-ids.ts";
import { readWindows } from "./windows.ts";

/** The history that is kept here. */
export function archiveReader(archive: Archive, isCounter: (name: string) => boolean): HistoryReader {
  const wantedOf = (history: History, { names, needs }: Wanted): readonly StoredSeries[] =>
    archive.series(history.id).filter((one) => names.includes(one.name) && needs(one));
  return {
    samples: async (history, wanted, range) => {
      const series = wantedOf(history, wanted);
      const ids = series.map(({ id }) => id);
      const found = archive.read(history.id, ids, range);
      return series.flatMap((one) => {
        const samples = found.get(one.id);
        return samples === undefined || samples.times.length === 0 ? [] : [{ series: one, samples }];
      });
    },
    windows: async (history, wanted, range) => {
      const series = wantedOf(history, wanted);
      const found = readWindows(archive, history.id, series, range, isCounter);
      return series.flatMap((one) => {
        const windows = found.get(one.id);
        return windows === undefined ? [] : [{ series: one, windows }];
      });
    },
    close: async () => {},
  };
}
