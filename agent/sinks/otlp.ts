import { gzipSync } from "node:zlib";
import type { Delivery } from "../../core/metrics/delivery.ts";
import { judgeResponse } from "../../core/metrics/http-delivery.ts";
import { LabelCache } from "../../core/metrics/label-cache.ts";
import { decodeMetricsResponse, encodeAttributes, encodeMetricsRequest } from "../../core/metrics/otlp.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { type HttpAnswer, openHttpPost } from "../http-post.ts";
import { joinPacked, unpackLines } from "../line-bodies.ts";
import { sampleCount, sinkName } from "../sink-names.ts";
import type { OpenSink } from "./types.ts";

/** Of all statuses only these are to be tried again (OTLP specification, "Retryable response codes"). */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** OTLP over HTTP, protobuf: `otlp+http://HOST:4318/v1/metrics`. */
export const openOtlp: OpenSink = (given, settings) => {
  const url = new URL(given);
  if (url.pathname === "/") url.pathname = "/v1/metrics";
  const headers = {
    "content-type": "application/x-protobuf",
    "user-agent": `plimsoll-agent/${packageVersion()}`,
    ...(settings.gzip ? { "content-encoding": "gzip" } : {}),
  };
  const post = openHttpPost({ url, settings, headers, judge });
  const scope = { name: "plimsoll-agent", version: packageVersion() };
  const attributes = new LabelCache(encodeAttributes);
  return {
    name: sinkName("otlp", url),
    encode: (batch) => ({
      body: gzipSync(encodeMetricsRequest(batch, scope, attributes), { level: 1 }),
      samples: sampleCount(batch),
    }),
    join: joinPacked,
    deliver: (body, signal) => post.send(settings.gzip ? body : unpackLines(body), signal),
    receiverNowMs: post.receiverNowMs,
  };
};

function judge({ status, headers, body }: HttpAnswer): Delivery {
  if (status === 200) return judgeSuccess(body);
  const delivery = judgeResponse(status, headers["retry-after"], "", Date.now());
  if (delivery.outcome === "delivered") return delivery;
  const { reason } = delivery;
  if (RETRYABLE.has(status)) return delivery;
  return { outcome: "refused", reason, ...(status === 400 || status === 413 ? { blame: "samples" } : {}) };
}

/** A partial success must not be sent again. */
function judgeSuccess(body: Buffer): Delivery {
  try {
    const { rejected, message } = decodeMetricsResponse(body);
    if (rejected === 0) return { outcome: "delivered" };
    return { outcome: "delivered", rejected: { samples: rejected, reason: message || "partial success" } };
  } catch {
    return { outcome: "delivered" };
  }
}
