import { gzipSync } from "node:zlib";
import { LabelCache } from "../../core/metrics/label-cache.ts";
import { encodeAttributes, encodeMetricsRequest, judgeMetricsResponse } from "../../core/metrics/otlp.ts";
import { decodeMetricsRequest } from "../../core/metrics/otlp-decode.ts";
import { gatherOtlp } from "../../core/metrics/otlp-series.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { openHttpPost, pardoned, retryAfterOf } from "../http-post.ts";
import { renderNdjson } from "../ndjson.ts";
import type { OpenSink, SinkKind } from "./types.ts";

const HEADERS = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };

/** OTLP over HTTP, protobuf: `otlp+http://HOST:4318/v1/metrics`. */
export const otlp: SinkKind = {
  scheme: "otlp",
  transports: ["http", "https"],
  render: (chunk) => renderNdjson([{ identity: {}, series: gatherOtlp(decodeMetricsRequest(chunk)).series }]),
  openEncoder: () => {
    const scope = { name: "plimsoll-collector", version: packageVersion() };
    return (batches) =>
      Buffer.concat(
        batches.map((batch) => encodeMetricsRequest(batch, scope, new LabelCache(encodeAttributes))),
      );
  },
  open: async (name, given, settings): Promise<OpenSink> => {
    const url = new URL(given);
    if (url.pathname === "/") url.pathname = "/v1/metrics";
    const { send, close } = await openHttpPost({
      ...{ url, settings, headers: HEADERS },
      judge: ({ status, headers, body }) =>
        pardoned(status, judgeMetricsResponse(status, retryAfterOf(headers), body, Date.now())),
    });
    return {
      name,
      // One encoded request after another is one request with the resources of all.
      join: (chunks) => Buffer.concat(chunks),
      deliver: (body, signal) => send(gzipSync(body, { level: 1 }), signal),
      close,
    };
  },
};
