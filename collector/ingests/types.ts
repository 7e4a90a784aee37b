import type { Family, Series } from "../../core/metrics/series.ts";

/** One accepted push protocol. */
export interface Ingest {
  /** Names it in counters and logs. */
  readonly name: string;
  /** Where it is posted to. */
  readonly path: string;
  /** Why a body so described cannot be read; undefined when it can. */
  unsupported(contentType: string | undefined, contentEncoding: string | undefined): string | undefined;
  /** Throws DecodeError `LIMIT` when more than `maxBytes` would come out, without making them. */
  decompress(body: Uint8Array, maxBytes: number): Uint8Array;
  /** The whole request or a DecodeError: half a request is never taken. */
  parse(bytes: Uint8Array): Ingested;
}

export interface Ingested {
  readonly series: readonly Series[];
  /** What the request says of metric families, with samples in it or not. */
  readonly families: readonly Family[];
  /** What was understood but cannot be kept, counted by what it is. */
  readonly skipped: Readonly<Record<string, number>>;
}
