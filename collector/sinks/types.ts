import type { Sink } from "../../core/metrics/delivery.ts";
import type { Batch, Family } from "../../core/metrics/series.ts";

/** One protocol to hand series on with. */
export interface SinkKind {
  /** The first half of its URLs' scheme: `remote-write` in `remote-write+http://…`. */
  readonly scheme: string;
  /** The second half, what it can travel over. */
  readonly transports: readonly string[];
  /** What is queued for a sink of this kind; done once for all of them. */
  encode(batches: readonly Batch[], families: readonly Family[]): Uint8Array;
  open(name: string, url: URL): Promise<OpenSink>;
}

export interface OpenSink extends Sink {
  /** Several queued chunks, in order, as the body of one delivery. */
  join(chunks: readonly Uint8Array[]): Uint8Array;
  close(): Promise<void>;
}
