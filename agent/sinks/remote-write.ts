import { encodeWriteRequest, REMOTE_WRITE_HEADERS } from "../../core/metrics/remote-write.ts";
import type { Batch } from "../../core/metrics/series.ts";
import { encodeSnappy } from "../../core/metrics/snappy.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { openHttpPost } from "../http-post.ts";
import type { SinkProtocol } from "./types.ts";

const TIMEOUT_MS = 10_000;

/** Types and help texts are half of a request, and the same each time: Prometheus too sends them once a minute. */
const METADATA_MS = 60_000;

/** Prometheus Remote Write 1.0: one snappy-compressed WriteRequest per batch. */
export const remoteWrite: SinkProtocol = {
  name: "remote-write",
  transports: ["http", "https"],
  open: (url) => {
    const headers = { ...REMOTE_WRITE_HEADERS, "user-agent": `plimsoll-agent/${packageVersion()}` };
    const post = openHttpPost({ url, timeoutMs: TIMEOUT_MS, headers });
    return {
      name: `remote-write+${url.protocol}//${url.host}${url.pathname}`,
      encode: openEncoder(),
      deliver: (body, signal) => post.send(body, signal),
    };
  },
};

function openEncoder(): (batch: Batch) => Uint8Array {
  let metadataMs = Number.NEGATIVE_INFINITY;
  return (batch) => {
    const nowMs = batch.series[0]?.samples[0]?.timestampMs ?? 0;
    // A clock that was set back must not silence them.
    const isDue = Math.abs(nowMs - metadataMs) >= METADATA_MS;
    if (isDue) metadataMs = nowMs;
    return encodeSnappy(isDue ? encodeWriteRequest([batch]) : encodeWriteRequest([batch], []));
  };
}
