import { CONTENT_TYPE } from "../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../core/metrics/remote-write-decode.ts";
import { SNAPPY } from "../http/encodings.ts";
import type { Ingest } from "./types.ts";

/** Prometheus remote write 1.0. */
export const remoteWrite: Ingest = {
  name: "remote-write",
  methods: ["POST"],
  paths: ["/api/v1/write"],
  takes: CONTENT_TYPE,
  reads: isWriteRequest,
  encodings: SNAPPY,
  parse: (bytes, _request, body) => {
    const { isCanonical, ...ingested } = decodeWriteRequest(bytes);
    return isCanonical ? { ...ingested, received: body } : ingested;
  },
};

/**
 * Version 2.0 names its message in the parameter `proto`. It must not come here: taken for 1.0 it is a
 * valid message without any series, and would be lost in silence.
 */
function isWriteRequest(contentType: string): boolean {
  const [type, ...parameters] = contentType.split(";");
  const proto = parameters.find((parameter) => parameter.startsWith("proto="));
  return type === CONTENT_TYPE && (proto === undefined || proto === "proto=prometheus.writerequest");
}
