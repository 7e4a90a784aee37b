import { divideMessage } from "../../core/metrics/message-division.ts";
import { encodeWriteRequest, FIELD, REMOTE_WRITE_HEADERS } from "../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../core/metrics/remote-write-decode.ts";
import { encodeSnappy } from "../../core/metrics/snappy.ts";
import { DEFAULT_WRITE_LIMITS, type WriteLimits } from "../../core/metrics/write-limits.ts";
import { openHttpPost } from "../http-post.ts";
import { renderNdjson } from "../ndjson.ts";
import type { OpenSink, Part, SinkKind } from "./types.ts";

/** Prometheus remote write 1.0: Prometheus itself, Mimir, Thanos, VictoriaMetrics … */
export const remoteWrite: SinkKind = {
  scheme: "remote-write",
  transports: ["http", "https"],
  openEncoder: () => encodeWriteRequest,
  render: renderWriteRequest,
  open: async (name, url, settings): Promise<OpenSink> => {
    const { send, close } = await openHttpPost({ url, settings, headers: REMOTE_WRITE_HEADERS });
    return {
      name,
      // One encoded request after another is one request with the series of all.
      join: (chunks) => Buffer.concat(chunks),
      divide: divideWriteRequest,
      deliver: (body, signal) => send(encodeSnappy(body), signal),
      close,
    };
  },
};

export function divideWriteRequest(chunk: Uint8Array): readonly [Part, Part] | undefined {
  const parts = divideMessage(chunk, FIELD.request.series);
  if (parts === undefined) return undefined;
  const [one, other] = parts;
  return [
    { body: one.body, samples: one.elements },
    { body: other.body, samples: other.elements },
  ];
}

/** What is in a chunk has been taken in once. */
export const UNLIMITED: WriteLimits = { ...DEFAULT_WRITE_LIMITS, maxSeries: Infinity, maxSamples: Infinity };

export function renderWriteRequest(chunk: Uint8Array): string {
  return renderNdjson([{ identity: {}, series: decodeWriteRequest(chunk, UNLIMITED).series }]);
}
