import { REMOTE_WRITE_V2_HEADERS } from "../../core/metrics/remote-write-v2.ts";
import { decodeWriteRequestV2 } from "../../core/metrics/remote-write-v2-decode.ts";
import { SNAPPY } from "../http/encodings.ts";
import { type Reply, textReply } from "../http/route.ts";
import type { Accepted, Ingest } from "./types.ts";

const CONTENT_TYPE = REMOTE_WRITE_V2_HEADERS["content-type"] ?? "";

/** Prometheus remote write 2.0. */
export const remoteWriteV2: Ingest = {
  name: "remote-write-v2",
  methods: ["POST"],
  paths: ["/api/v1/write"],
  takes: CONTENT_TYPE,
  reads: (contentType) => contentType === CONTENT_TYPE.toLowerCase(),
  encodings: SNAPPY,
  parse: (bytes) => decodeWriteRequestV2(bytes),
  accepted,
  refused: ({ status, message, headers }) => textReply(status, message, { ...headers, ...written(0) }),
};

/** A receiver of 1.0 does not say what it has written: by these headers senders know that this is none. */
function written(samples: number): Readonly<Record<string, string>> {
  return {
    "x-prometheus-remote-write-samples-written": String(samples),
    "x-prometheus-remote-write-histograms-written": "0",
    "x-prometheus-remote-write-exemplars-written": "0",
  };
}

/** It must not be called a success when anything was left out. */
function accepted({ samples, skipped, rejected }: Accepted): Reply {
  const left = Object.entries(skipped).filter(([, count]) => count > 0);
  const reasons = left.map(([what, count]) => `${count} ${what} are not kept`);
  if (rejected !== undefined) reasons.push(`${rejected.samples} samples are not kept: ${rejected.reason}`);
  if (reasons.length === 0) return { status: 204, headers: written(samples) };
  return textReply(400, reasons.join("; "), written(samples));
}
