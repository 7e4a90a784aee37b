import type { Labels } from "../../core/metrics/series.ts";
import type { Range } from "../history/archive.ts";
import { mergeSamples, type Samples } from "../history/buckets.ts";
import type { HistoryReader, Measured, Sampled, SeriesName, Wanted } from "../history/reader.ts";
import type { WindowRange } from "../history/windows.ts";
import type { History } from "../inventory/history-record.ts";
import { isMachineLabel, keyOf } from "../shapes.ts";
import type { PromqlClient, PromqlSeries } from "./promql-client.ts";

export interface PromqlReaderOptions {
  readonly client: PromqlClient;
  readonly isCounter: (name: string) => boolean;
  /** When a history began and ended, as far as others have had its address: their samples carry the same one. */
  readonly extentOf: (history: History) => Range;
}

/** History as somebody else keeps it, whom samples have been forwarded to: a machine's series are those of its address. */
export function promqlReader({ client, isCounter, extentOf }: PromqlReaderOptions): HistoryReader {
  const within = <R extends Range>(history: History, range: R): R | undefined => {
    const { fromMs, toMs } = extentOf(history);
    const part = { ...range, fromMs: Math.max(range.fromMs, fromMs), toMs: Math.min(range.toMs, toMs) };
    return part.fromMs < part.toMs ? part : undefined;
  };
  const each = async <T extends { readonly series: SeriesName }>(
    { names, needs }: Wanted,
    read: (name: string) => Promise<readonly T[]>,
  ): Promise<readonly T[]> => {
    const found = await Promise.all(names.map(read));
    return found.flat().filter(({ series }) => needs(series));
  };
  return {
    samples: async (history, wanted, range) => {
      const part = within(history, range);
      if (part === undefined) return [];
      return each<Sampled>(wanted, async (name) => {
        const selectors = matchersOf(history.ip).map((own) => `{__name__=${quoted(name)},${own}}`);
        const found = await Promise.all(selectors.map((selector) => client.samples(selector, part)));
        const named = byName(name, found.flat());
        return [...named.values()].map(({ series, parts }) => ({ series, samples: mergeSamples(parts) }));
      });
    },
    windows: async (history, wanted, range) => {
      const part = within(history, range);
      if (part === undefined) return [];
      return each<Measured>(wanted, async (name) => {
        const over = (aggregate: string): Promise<ReadonlyMap<string, Named>> =>
          readOver(client, aggregate, name, history.ip, part);
        if (isCounter(name)) {
          const increases = [...(await over("increase")).values()];
          return increases.map(({ series, parts }) => ({
            series,
            windows: { kind: "counter", increase: sumSamples(parts) },
          }));
        }
        const [means, maxima] = await Promise.all([over("avg_over_time"), over("max_over_time")]);
        return [...means].map(([key, { series, parts }]) => {
          const max = mergeSamples(maxima.get(key)?.parts ?? []);
          return { series, windows: { kind: "gauge", mean: mergeSamples(parts), max } };
        });
      });
    },
    close: () => client.close(),
  };
}

/** Series that differ in their machine's labels only, as a host name that a rebuild has changed, are one. */
interface Named {
  readonly series: SeriesName;
  readonly parts: readonly Samples[];
}

async function readOver(
  client: PromqlClient,
  aggregate: string,
  name: string,
  ip: string,
  range: WindowRange,
): Promise<ReadonlyMap<string, Named>> {
  const each = matchersOf(ip).map(
    (own) => `${aggregate}({__name__=${quoted(name)},${own}}[${range.stepMs}ms])`,
  );
  return byName(name, await client.atWindows(each.join(" or "), range));
}

/** An application's page keeps its own instance of host and port: its machine is in `ip`. */
function matchersOf(ip: string): readonly string[] {
  const address = quoted(ip);
  return [`instance=${address}`, `ip=${address},instance!=${address}`];
}

function byName(name: string, found: readonly PromqlSeries[]): ReadonlyMap<string, Named> {
  const series = new Map<string, { series: SeriesName; parts: Samples[] }>();
  for (const { labels, samples } of found) {
    if (samples.times.length === 0) continue;
    const own = ownLabels(labels);
    const key = keyOf(name, own);
    const known = series.get(key);
    if (known === undefined) series.set(key, { series: { name, labels: own }, parts: [samples] });
    else known.parts.push(samples);
  }
  return series;
}

function ownLabels(labels: Labels): Labels {
  const own = Object.entries(labels).filter(
    ([label, value]) => label !== "__name__" && !isMachineLabel(label, value),
  );
  return Object.fromEntries(own);
}

/** What two containers of one machine counted in the same window, both have counted. */
function sumSamples(parts: readonly Samples[]): Samples {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const sums = new Map<number, number>();
  for (const { times, values } of parts) {
    for (const [i, time] of times.entries()) sums.set(time, (sums.get(time) ?? 0) + (values[i] ?? 0));
  }
  const sorted = [...sums].sort(([a], [b]) => a - b);
  return { times: sorted.map(([time]) => time), values: sorted.map(([, value]) => value) };
}

/** PromQL's strings have the escapes of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
