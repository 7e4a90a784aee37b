import { gzipSync } from "node:zlib";
import { LabelCache } from "../../core/metrics/label-cache.ts";
import { encodeAttributes, encodeMetricsRequest, judgeMetricsResponse } from "../../core/metrics/otlp.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { openHttpPost } from "../http-post.ts";
import { joinPacked, unpackLines } from "../line-bodies.ts";
import { MetricsRequestTemplates } from "../metrics-request-template.ts";
import { sampleCount, sinkName } from "../sink-names.ts";
import type { OpenSink } from "./types.ts";

/** OTLP over HTTP, protobuf: `otlp+http://HOST:4318/v1/metrics`. */
export const openOtlp: OpenSink = (given, settings) => {
  const url = new URL(given);
  if (url.pathname === "/") url.pathname = "/v1/metrics";
  const headers = {
    "content-type": "application/x-protobuf",
    "user-agent": `plimsoll-agent/${packageVersion()}`,
    ...(settings.gzip ? { "content-encoding": "gzip" } : {}),
  };
  const post = openHttpPost({
    ...{ url, settings, headers },
    judge: ({ status, headers: said, body }) =>
      judgeMetricsResponse(status, said["retry-after"], body, Date.now()),
  });
  const scope = { name: "plimsoll-agent", version: packageVersion() };
  const attributes = new LabelCache(encodeAttributes);
  // With a cache of its own for each: what is kept from one to the next is the template.
  const templates = new MetricsRequestTemplates((batch) =>
    encodeMetricsRequest(batch, scope, new LabelCache(encodeAttributes)),
  );
  return {
    name: sinkName("otlp", url, settings),
    encode: (batch) => ({
      body: gzipSync(templates.encode(batch) ?? encodeMetricsRequest(batch, scope, attributes), { level: 1 }),
      samples: sampleCount(batch),
    }),
    join: joinPacked,
    deliver: (body, signal) => post.send(settings.gzip ? body : unpackLines(body), signal),
    receiverNowMs: post.receiverNowMs,
  };
};
