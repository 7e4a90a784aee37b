import type { Sample } from "../../core/metrics/series.ts";
import type { Clock } from "../../core/runtime/clock.ts";
import type { Points } from "../shapes.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import { type Column, encodeBlock } from "./block.ts";
import { type Blocks, LEVEL, type StoredBlock } from "./blocks.ts";
import { mergeSamples, type Samples, sliceSamples } from "./buckets.ts";
import { COARSE_STEP_MS, type CoarseKind, coarseColumns, coarseId } from "./coarse.ts";
import type { SeriesIds, StoredSeries } from "./series-ids.ts";

export interface ArchiveOptions {
  readonly blocks: Blocks;
  readonly ids: SeriesIds;
  readonly commits: GroupCommit;
  readonly clock: Clock;
  /** How long samples are kept as they came, and windows of five minutes. */
  readonly keepMs: number;
  readonly keepCoarseMs: number;
  /** Whether a series grows only. */
  readonly isCounter: (name: string) => boolean;
}

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A stored timestamp further ahead than this is a wrong clock. */
const FUTURE_MS = 600_000;
const DAY_MS = 86_400_000;
/** Pushes become one block after this long, or when they are so many. */
const PUSHES_MS = 3_600_000;
const MAX_PUSHES = 1_000;
/** A day is made coarse when what was late has had time to arrive. */
const COARSE_DELAY_MS = 7_200_000;

/** The samples of every history: durable when `append` resolves, small after an hour, coarse after a day, gone in the end. */
export class Archive {
  /** Samples taken, and those that were not, by reason. */
  readonly counts = { stored: 0, future: 0, tooOld: 0 };
  readonly #options: ArchiveOptions;
  readonly #pending = new Map<number, { count: number; sinceMs: number }>();
  readonly #coarseUntilMs: Map<number, number>;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    for (const { history, count, sinceMs } of options.blocks.pending()) {
      this.#pending.set(history, { count, sinceMs });
    }
    this.#coarseUntilMs = new Map(options.blocks.coarseUntil());
  }

  /** Resolves when the samples are durable; rejects when nothing of them is there. */
  async append(history: number, points: readonly Points[]): Promise<void> {
    const { blocks, ids, commits, clock } = this.#options;
    const made: string[] = [];
    const columns: Column[] = [];
    for (const { shape, samples } of points) {
      const kept = mergeSamples([this.#admit(samples)]);
      if (kept.times.length === 0) continue;
      const { id, isNew } = ids.assign(history, shape.key);
      if (isNew) made.push(shape.key);
      columns.push({ id, ...kept });
    }
    if (columns.length === 0) return;
    const data = encodeBlock(columns.sort((a, b) => a.id - b.id));
    const key = { history, level: LEVEL.push, ...extent(columns) };
    await commits.add(
      () => {
        for (const one of made) ids.write(history, one);
        blocks.insert(key, data);
      },
      () => {
        for (const one of made) ids.forget(history, one);
      },
    );
    this.counts.stored += columns.reduce((sum, { times }) => sum + times.length, 0);
    const pending = this.#pending.get(history);
    if (pending === undefined) this.#pending.set(history, { count: 1, sinceMs: clock.nowMs() });
    else pending.count++;
  }

  series(history: number): readonly StoredSeries[] {
    return this.#options.ids.list(history);
  }

  /** The samples as they came, with `fromMs` < time ≤ `toMs`, in order, by series. */
  read(history: number, ids: readonly number[], range: Range): ReadonlyMap<number, Samples> {
    const [startMs, endMs] = [range.fromMs, range.toMs];
    const { blocks } = this.#options;
    const found = [LEVEL.raw, LEVEL.push].flatMap((level) => blocks.read({ history, level, startMs, endMs }));
    return this.#collect(found, ids, range);
  }

  /** Windows of five minutes, of the days that are made coarse. */
  readCoarse(history: number, series: number, kind: CoarseKind, range: Range): Samples {
    const id = coarseId(series, kind);
    const found = this.#options.blocks.read({
      history,
      level: LEVEL.coarse,
      startMs: range.fromMs,
      endMs: range.toMs,
    });
    return this.#collect(found, [id], range).get(id) ?? { times: [], values: [] };
  }

  /** Where samples as they came begin: what is older is coarse, or gone. */
  get rawSinceMs(): number {
    return this.#options.clock.nowMs() - this.#options.keepMs;
  }

  /** The histories whose pushes are due to become one block, the longest due first. */
  due(): readonly number[] {
    const dueMs = this.#options.clock.nowMs() - PUSHES_MS;
    return [...this.#pending]
      .filter(([, { count, sinceMs }]) => sinceMs <= dueMs || count >= MAX_PUSHES)
      .sort(([, a], [, b]) => a.sinceMs - b.sinceMs)
      .map(([history]) => history);
  }

  /** Makes one block of a history's pushes, in one transaction: no moment in which samples are there twice, or not at all. */
  async compact(history: number): Promise<void> {
    const { blocks, ids, commits } = this.#options;
    const pushes = blocks.read({ history, level: LEVEL.push, startMs: 0, endMs: Number.MAX_SAFE_INTEGER });
    this.#pending.delete(history);
    const lastId = pushes.at(-1)?.id;
    if (lastId === undefined) return;
    const everyId = ids.list(history).map(({ id }) => id);
    const range = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
    const columns = toColumns(this.#collect(pushes, everyId, range));
    if (columns.length === 0) return;
    const data = encodeBlock(columns);
    const key = { history, level: LEVEL.raw, ...extent(columns) };
    await commits.add(() => blocks.replacePushes(key, lastId, data));
  }

  /** Makes the next whole day of a history coarse; false when there is none yet. */
  async coarsen(history: number): Promise<boolean> {
    const { blocks, commits, clock, isCounter } = this.#options;
    const firstMs = blocks.nextSample(history, this.#coarseUntilMs.get(history) ?? 0);
    if (firstMs === undefined) return false;
    const fromMs = Math.max(
      (Math.ceil(firstMs / DAY_MS) - 1) * DAY_MS,
      this.#coarseUntilMs.get(history) ?? Number.NEGATIVE_INFINITY,
    );
    const toMs = fromMs + DAY_MS;
    if (clock.nowMs() < toMs + COARSE_DELAY_MS) return false;
    const series = this.series(history);
    // The sample before the day tells by how much a counter grew up to its first one.
    const samples = this.read(
      history,
      series.map(({ id }) => id),
      { fromMs: fromMs - COARSE_STEP_MS, toMs },
    );
    const columns = coarseColumns(series, samples, isCounter).map((column) => ({
      id: column.id,
      ...sliceSamples(column, fromMs, toMs),
    }));
    const data = encodeBlock(columns.filter(({ times }) => times.length > 0));
    const key = { history, level: LEVEL.coarse, startMs: fromMs, endMs: toMs };
    await commits.add(() => blocks.insert(key, data));
    this.#coarseUntilMs.set(history, toMs);
    return true;
  }

  /** Removes some of what is older than it is to be kept. */
  async expire(): Promise<void> {
    const { blocks, clock, keepMs, keepCoarseMs } = this.#options;
    const nowMs = clock.nowMs();
    await Promise.all([
      blocks.removeOld(LEVEL.push, nowMs - keepMs),
      blocks.removeOld(LEVEL.raw, nowMs - keepMs),
      blocks.removeOld(LEVEL.coarse, nowMs - keepCoarseMs),
    ]);
  }

  /** A series that ends says so by a sample without a value: in a history that is a gap like any other. */
  #admit(samples: readonly Sample[]): Samples {
    const nowMs = this.#options.clock.nowMs();
    const [oldestMs, newestMs] = [nowMs - this.#options.keepMs, nowMs + FUTURE_MS];
    const times: number[] = [];
    const values: number[] = [];
    for (const { timestampMs, value, stale } of samples) {
      if (stale) continue;
      if (timestampMs > newestMs) this.counts.future++;
      else if (timestampMs < oldestMs) this.counts.tooOld++;
      else {
        times.push(timestampMs);
        values.push(value);
      }
    }
    return { times, values };
  }

  #collect(
    found: readonly StoredBlock[],
    ids: readonly number[],
    { fromMs, toMs }: Range,
  ): ReadonlyMap<number, Samples> {
    const samples = new Map<number, Samples>();
    for (const id of ids) {
      const parts = found.flatMap((stored) => this.#options.blocks.column(stored, id) ?? []);
      if (parts.length > 0) samples.set(id, sliceSamples(mergeSamples(parts), fromMs, toMs));
    }
    return samples;
  }
}

function toColumns(samples: ReadonlyMap<number, Samples>): readonly Column[] {
  return [...samples]
    .map(([id, { times, values }]) => ({ id, times, values }))
    .filter(({ times }) => times.length > 0)
    .sort((a, b) => a.id - b.id);
}

function extent(columns: readonly Column[]): { readonly startMs: number; readonly endMs: number } {
  let [startMs, endMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { times } of columns) {
    startMs = Math.min(startMs, times[0] ?? startMs);
    endMs = Math.max(endMs, times.at(-1) ?? endMs);
  }
  return { startMs, endMs };
}
