import type { History } from "../inventory/history-record.ts";
import type { Archive } from "./archive.ts";
import type { Samples } from "./buckets.ts";
import type { HistoryReader, Wanted } from "./reader.ts";
import type { StoredSeries } from "./series-ids.ts";
import { readWindows, type WindowRange, type Windows } from "./windows.ts";

const DAY_MS = 86_400_000;

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
      const parts: ReadonlyMap<number, Windows>[] = [];
      for (const day of daysOf(range)) {
        parts.push(readWindows(archive, history.id, series, day, isCounter));
        await breathe();
      }
      return series.flatMap((one) => {
        const windows = joined(parts.flatMap((part) => part.get(one.id) ?? []));
        return windows === undefined ? [] : [{ series: one, windows }];
      });
    },
    close: async () => {},
  };
}

/** Weeks are read day by day, where days are whole windows. */
function* daysOf({ fromMs, toMs, stepMs }: WindowRange): Generator<WindowRange> {
  const isDivisible = DAY_MS % stepMs === 0;
  for (let startMs = fromMs; startMs < toMs; ) {
    const midnightMs = (Math.floor(startMs / DAY_MS) + 1) * DAY_MS;
    const endMs = isDivisible ? Math.min(midnightMs, toMs) : toMs;
    yield { fromMs: startMs, toMs: endMs, stepMs };
    startMs = endMs;
  }
}

/** Whoever waits to be served goes first. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What one series was, day after day; undefined for days without it. */
function joined(days: readonly Windows[]): Windows | undefined {
  const gauges = days.filter((day) => day.kind === "gauge");
  if (gauges.length > 0) {
    return {
      kind: "gauge",
      mean: concat(gauges.map(({ mean }) => mean)),
      max: concat(gauges.map(({ max }) => max)),
    };
  }
  const counters = days.filter((day) => day.kind === "counter");
  if (counters.length === 0) return undefined;
  return { kind: "counter", increase: concat(counters.map(({ increase }) => increase)) };
}

function concat(parts: readonly Samples[]): Samples {
  return { times: parts.flatMap(({ times }) => times), values: parts.flatMap(({ values }) => values) };
}
