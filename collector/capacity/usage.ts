import type { Range } from "../history/archive.ts";
import type { Samples } from "../history/buckets.ts";
import type { HistoryReader, Wanted } from "../history/reader.ts";
import type { History } from "../inventory/history-record.ts";
import { latest, RESOURCES, type Resource, type Stock } from "./resources.ts";
import { type Forecast, forecast } from "./trend.ts";

/** What one machine had of one resource over a week, and what it used of it. */
export interface Usage {
  readonly limit: number;
  /** What was asked for; the limit where nobody says. */
  readonly requested: number;
  /** In windows of `STEP_MS` from `fromMs` on, at most a week of them; NaN where nothing is known. */
  readonly used: Float32Array;
  readonly p95: number;
  readonly max: number;
  /** How full the fullest piece of it is now, 0 to 1: one full file system is not mended by another. */
  readonly fullest: number;
  /** Of the piece that is full first. */
  readonly forecast: Forecast | undefined;
  /** How much of the week is known. */
  readonly knownMs: number;
}

export type MachineUsage = Readonly<Partial<Record<Resource["name"], Usage>>>;

export const STEP_MS = 900_000;
export const SPAN_MS = 604_800_000;
export const SLOTS: number = SPAN_MS / STEP_MS;

/** A week is read once for all of them. */
const EVERYTHING: Wanted = { names: RESOURCES.flatMap(({ names }) => names), needs: () => true };

/** The week up to the last whole window. */
export function weekUpTo(nowMs: number): Range {
  const toMs = Math.floor(nowMs / STEP_MS) * STEP_MS;
  return { fromMs: toMs - SPAN_MS, toMs };
}

export async function readUsage(
  reader: HistoryReader,
  history: History,
  nowMs: number,
): Promise<MachineUsage> {
  const range = weekUpTo(nowMs);
  const measured = await reader.windows(history, EVERYTHING, { ...range, stepMs: STEP_MS });
  const usages: Partial<Record<Resource["name"], Usage>> = {};
  for (const resource of RESOURCES) {
    const own = measured.filter(({ series }) => resource.names.includes(series.name));
    const stocks = resource.stocks(own, STEP_MS);
    if (stocks.length === 0) continue;
    usages[resource.name] = usageOf(stocks, latest(own, resource.requestedName), range);
  }
  return usages;
}

function usageOf(stocks: readonly Stock[], requested: number | undefined, range: Range): Usage {
  const limit = stocks.reduce((sum, stock) => sum + stock.limit, 0);
  const used = new Float32Array(SLOTS).fill(Number.NaN);
  for (const { used: samples } of stocks) addTo(used, samples, range.fromMs);
  const sorted = used.filter((value) => !Number.isNaN(value)).sort();
  const forecasts = stocks.flatMap((stock) => forecast(stock.used, stock.limit, range.toMs) ?? []);
  return {
    ...{ limit, requested: requested ?? limit, used },
    p95: quantile(sorted, 0.95),
    max: sorted.at(-1) ?? 0,
    fullest: Math.max(...stocks.map((stock) => (stock.used.values.at(-1) ?? 0) / stock.limit)),
    forecast: forecasts.sort((a, b) => a.days - b.days)[0],
    knownMs: sorted.length * STEP_MS,
  };
}

/** What whoever placed the machine says now is newer than what was read. */
export function withRequested(
  usage: MachineUsage,
  requested: Readonly<Record<Resource["name"], number>>,
): MachineUsage {
  const all = RESOURCES.flatMap(({ name }) => {
    const known = usage[name];
    return known === undefined ? [] : [[name, { ...known, requested: requested[name] }] as const];
  });
  return Object.fromEntries(all);
}

/** Windows are known by their ends. */
function addTo(used: Float32Array, { times, values }: Samples, fromMs: number): void {
  for (const [i, time] of times.entries()) {
    const slot = Math.round((time - fromMs) / STEP_MS) - 1;
    const before = used[slot];
    if (before !== undefined) used[slot] = (Number.isNaN(before) ? 0 : before) + (values[i] ?? 0);
  }
}

/** Of values in ascending order; 0 of none. */
export function quantile(sorted: Float32Array | Float64Array, part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
