import { divideMessage, type MessagePart } from "../../core/metrics/message-division.ts";
import { tagOf, WIRE } from "../../core/metrics/protobuf.ts";
import { encodeWriteRequest, FIELD, REMOTE_WRITE_HEADERS } from "../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../core/metrics/remote-write-decode.ts";
import { decodeSnappy, encodeSnappy, joinSnappy } from "../../core/metrics/snappy.ts";
import type { WriteLimits } from "../../core/metrics/write-limits.ts";
import { samplesOf } from "../forwarding.ts";
import { openHttpPost } from "../http-post.ts";
import { renderNdjson } from "../ndjson.ts";
import type { OpenSink, Part, SinkKind } from "./types.ts";

/** Compressed, some ten thousand samples, and however well they compress within what receivers take at once: 32 MiB, our own 50,000 series. */
const DELIVERY_BYTES = 256 * 1024;

/**
 * Prometheus remote write 1.0: Prometheus itself, Mimir, Thanos, VictoriaMetrics … What waits is compressed, as it
 * came where it came by the same protocol: it is read from the disk and sent.
 */
export const remoteWrite: SinkKind = {
  scheme: "remote-write",
  transports: ["http", "https"],
  takesReceived: true,
  deliveryBytes: DELIVERY_BYTES,
  openEncoder: () => (batches, families) => encodeSnappy(encodeWriteRequest(batches, families)),
  render: (chunk) => renderWriteRequest(unpack(chunk)),
  open: async (name, url, settings): Promise<OpenSink> => {
    const { send, close } = await openHttpPost({ url, settings, headers: REMOTE_WRITE_HEADERS });
    return {
      name,
      // One encoded request after another is one request with the series of all.
      join: (chunks) => joinSnappy(chunks.map(pack)),
      divide,
      deliver: send,
      close,
    };
  },
};

export function divideWriteRequest(chunk: Uint8Array): readonly [Part, Part] | undefined {
  const parts = divideMessage(chunk, FIELD.request.series);
  if (parts === undefined) return undefined;
  const [one, other] = parts;
  return [partOf(one), partOf(other)];
}

function partOf({ body }: MessagePart): Part {
  return { body, samples: samplesOf(decodeWriteRequest(body, UNLIMITED).series) };
}

/** What is in a chunk has been taken in once; labels of its machine and of rules have come since. */
export const UNLIMITED: WriteLimits = {
  ...{ maxSeries: Infinity, maxSamples: Infinity, maxLabelsPerSeries: Infinity },
  ...{ maxLabelNameBytes: Infinity, maxLabelValueBytes: Infinity },
};

export function renderWriteRequest(chunk: Uint8Array): string {
  return renderNdjson([{ identity: {}, series: decodeWriteRequest(chunk, UNLIMITED).series }]);
}

/** What a request begins with: 10, or 26. Few blocks of snappy begin so: those of 10 or 26 bytes, in which there is metadata alone. */
const FIRST: ReadonlySet<number> = new Set(
  [FIELD.request.series, FIELD.request.metadata].map((field) => tagOf(field, WIRE.bytes)),
);
/** Queues and dead letters that were written before they were compressed are read as well. */
function isPlain(chunk: Uint8Array): boolean {
  return FIRST.has(chunk[0] ?? 0) && !isBlock(chunk);
}

function isBlock(chunk: Uint8Array): boolean {
  try {
    decodeSnappy(chunk, Infinity);
    return true;
  } catch {
    return false;
  }
}

function pack(chunk: Uint8Array): Uint8Array {
  return isPlain(chunk) ? encodeSnappy(chunk) : chunk;
}

function unpack(chunk: Uint8Array): Uint8Array {
  return isPlain(chunk) ? chunk : decodeSnappy(chunk, Infinity);
}

function divide(chunk: Uint8Array): readonly [Part, Part] | undefined {
  const parts = divideWriteRequest(unpack(chunk));
  if (parts === undefined) return undefined;
  const [one, other] = parts;
  return [packPart(one), packPart(other)];
}

function packPart({ body, samples }: Part): Part {
  return { body: encodeSnappy(body), samples };
}
