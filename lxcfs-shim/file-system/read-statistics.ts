/** What became of the reads of one file, each counted once, at its beginning. */
export interface FileReads {
  readonly reads: number;
  /** Answered with a text that was fresh enough. */
  readonly kept: number;
  readonly errors: number;
  /** Microseconds it took to have the text, to the next quarter of an octave. */
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface ReadFigures {
  /** Different containers that read something in the last minute or two. */
  readonly containers: number;
  readonly files: Readonly<Record<string, FileReads>>;
}

const [READS, KEPT, ERRORS, BUCKETS] = [0, 1, 2, 3];
/** Four to an octave, from a quarter of a microsecond up. */
const BUCKET_COUNT = 96;
const ROW = BUCKETS + BUCKET_COUNT;
const MINUTE_MS = 60_000;

/** Counted by the serving thread in memory that the main thread looks into (see Counters). */
export class ReadStatistics {
  readonly memory: SharedArrayBuffer;
  readonly #values: Float64Array;
  readonly #rows: ReadonlyMap<string, number>;
  #thisMinute = new Set<string>();
  #lastMinute = new Set<string>();
  /** Of this minute and not of the last. */
  #newcomers = 0;
  #turnMs = Number.NEGATIVE_INFINITY;

  constructor(files: readonly string[], memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer((1 + files.length * ROW) * Float64Array.BYTES_PER_ELEMENT);
    this.#values = new Float64Array(this.memory);
    this.#rows = new Map(files.map((file, index) => [file, 1 + index * ROW]));
  }

  count(file: string, outcome: "rendered" | "kept" | "failed", microseconds: number): void {
    const row = this.#rows.get(file);
    if (row === undefined) return;
    this.#add(row + READS);
    if (outcome === "kept") this.#add(row + KEPT);
    if (outcome === "failed") this.#add(row + ERRORS);
    this.#add(row + BUCKETS + bucketOf(microseconds));
  }

  /** `nowMs`: monotonic. */
  see(container: string, nowMs: number): void {
    if (nowMs - this.#turnMs >= MINUTE_MS) {
      this.#lastMinute = this.#thisMinute;
      this.#thisMinute = new Set();
      this.#newcomers = 0;
      this.#turnMs = nowMs;
    }
    if (this.#thisMinute.has(container)) return;
    this.#thisMinute.add(container);
    if (!this.#lastMinute.has(container)) this.#newcomers += 1;
    this.#values[0] = this.#lastMinute.size + this.#newcomers;
  }

  /** The files that were read. */
  read(): ReadFigures {
    const rows = [...this.#rows].filter(([, row]) => this.#at(row + READS) > 0);
    const files = rows.map(([file, row]): [string, FileReads] => [
      file,
      {
        reads: this.#at(row + READS),
        kept: this.#at(row + KEPT),
        errors: this.#at(row + ERRORS),
        p50Us: this.#quantile(row, 0.5),
        p99Us: this.#quantile(row, 0.99),
      },
    ]);
    return { containers: this.#at(0), files: Object.fromEntries(files) };
  }

  #quantile(row: number, share: number): number {
    let left = share * this.#at(row + READS);
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      left -= this.#at(row + BUCKETS + bucket);
      if (left <= 0) return upperBoundOf(bucket);
    }
    return upperBoundOf(BUCKET_COUNT - 1);
  }

  #at(index: number): number {
    return this.#values[index] ?? 0;
  }

  #add(index: number): void {
    this.#values[index] = this.#at(index) + 1;
  }
}

function bucketOf(microseconds: number): number {
  const bucket = Math.ceil(4 * Math.log2(4 * microseconds));
  return Math.max(0, Math.min(bucket, BUCKET_COUNT - 1));
}

function upperBoundOf(bucket: number): number {
  return Math.round(100 * (2 ** (bucket / 4) / 4)) / 100;
}
