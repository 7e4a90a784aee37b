import type { Rejects } from "../../core/metrics/gathering.ts";
import type { Family, Labels, Series } from "../../core/metrics/series.ts";
import type { Encodings } from "../http/encodings.ts";
import type { Method, Refusal, Reply } from "../http/route.ts";

/** One accepted push protocol, or one of the forms it comes in. */
export interface Ingest {
  /** Names it in counters and logs. */
  readonly name: string;
  readonly methods: readonly Method[];
  /** Where it is sent to. Others may listen there too: the content type decides. */
  readonly paths: readonly string[];
  /** The content type it reads, for the sender of another. */
  readonly takes: string;
  reads(contentType: string): boolean;
  readonly encodings: Encodings;
  /** The whole request or a DecodeError; only what a protocol calls partial may be left out, and said. `body` is what came, as it is compressed. */
  parse(bytes: Uint8Array, request: IngestRequest, body: Uint8Array): Ingested;
  /** What a success is in the protocol; 204 and nothing said without it. */
  accepted?(accepted: Accepted, request: IngestRequest): Reply;
  /** How the protocol says what is wrong; a line of text without it. */
  refused?(refusal: Refusal, request: Pick<IngestRequest, "contentType" | "path">): Reply;
}

/** What a protocol may know of a request. */
export interface IngestRequest {
  readonly method: Method;
  /** The one of `paths` it came to. */
  readonly path: string;
  /** In small letters, without blanks. */
  readonly contentType: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly nowMs: number;
  /** The series of a machine that are known: for protocols that say what is no more by not saying it. */
  known(ip: string): Iterable<{ readonly name: string; readonly labels: Labels }>;
}

export interface Ingested {
  readonly series: readonly Series[];
  /** What the request says of metric families, with samples in it or not. */
  readonly families: readonly Family[];
  /** What was understood but cannot be kept, counted by what it is. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Samples that could not be understood, or not be kept, one by one. */
  readonly rejected?: Rejects | undefined;
  /** All of this as a request of remote write 1.0, a block of snappy: what came, where nothing in it has to be put right. */
  readonly received?: Uint8Array | undefined;
}

/** What became of a request that was taken in. */
export interface Accepted {
  /** Samples that are kept now. */
  readonly samples: number;
  readonly skipped: Ingested["skipped"];
  /** Samples that are not. */
  readonly rejected?: Rejects | undefined;
}
