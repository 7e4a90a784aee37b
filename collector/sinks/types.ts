import type { Sink } from "../../core/metrics/delivery.ts";
import type { Batch, Family } from "../../core/metrics/series.ts";

/** Each batch is one machine's: its identity is what its series share. It may depend on what was encoded before, in order. */
export type Encode = (batches: readonly Batch[], families: readonly Family[]) => Uint8Array;

/** One protocol to hand series on with. */
export interface SinkKind {
  /** The first half of its URLs' scheme: `remote-write` in `remote-write+http://…`. */
  readonly scheme: string;
  /** The second half, what it can travel over. */
  readonly transports: readonly string[];
  /** What is queued for the sinks of this kind that get the same: it is encoded once for all of them. */
  openEncoder(): Encode;
  /** What came in as remote write 1.0 is queued as it came: a block of snappy. */
  readonly takesReceived?: true;
  /** Queued bytes that are one delivery, more or less; a MiB unless told otherwise. */
  readonly deliveryBytes?: number;
  open(name: string, url: URL, settings: SinkSettings): Promise<OpenSink>;
  /** What is queued, a line for each sample: for people who look at what was refused. */
  render(chunk: Uint8Array): string;
}

export interface SinkSettings extends SinkFiles {
  /** How many deliveries may be under way at once, each of other machines. */
  readonly connections: number;
}

/** Secrets, and who is believed; paths of files. */
export interface SinkFiles {
  /** Read again at each delivery, or connection. */
  readonly bearerTokenFile?: string;
  /** Of a user of NATS: its token and seed, or its seed. */
  readonly credentialsFile?: string;
  /** Whose certificates are believed instead of the system's; PEM. */
  readonly ca?: string;
  /** Our own certificate and its key, for those who want one; PEM. */
  readonly cert?: string;
  readonly key?: string;
}

export interface OpenSink extends Sink {
  /** Several queued chunks, in order, as the body of one delivery. */
  join(chunks: readonly Uint8Array[]): Uint8Array;
  /** A chunk as two, for a receiver that refuses all of it for one bad sample; undefined when it cannot be divided. */
  divide?(chunk: Uint8Array): readonly [Part, Part] | undefined;
  close(): Promise<void>;
}

export interface Part {
  readonly body: Uint8Array;
  readonly samples: number;
}
