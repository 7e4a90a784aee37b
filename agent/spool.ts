/** An encoded batch that has not been delivered. */
export interface SpoolRecord {
  readonly body: Uint8Array;
  /** How many samples are in it, for the counters. */
  readonly samples: number;
}

export interface SpoolEntry extends SpoolRecord {
  /** Ascending in the order of appending; never used twice. */
  readonly id: number;
}

/**
 * What stands between sampling and delivery: bounded, in order, drops its oldest when full. A record
 * stays until it is acknowledged.
 */
export interface Spool {
  append(record: SpoolRecord): Promise<void>;
  /** The oldest record; undefined when there is none. */
  peek(): Promise<SpoolEntry | undefined>;
  /** Removes the record; nothing happens when it was dropped meanwhile. */
  acknowledge(id: number): Promise<void>;
  readonly length: number;
  readonly bytes: number;
  /** Samples lost because the spool was full. */
  readonly droppedSamples: number;
}
