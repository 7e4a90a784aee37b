import { CONTENT_TYPE } from "../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../core/metrics/remote-write-decode.ts";
import { decodeSnappy } from "../../core/metrics/snappy.ts";
import type { Ingest } from "./types.ts";

/** Prometheus remote write 1.0. */
export const remoteWrite: Ingest = {
  name: "remote-write",
  path: "/api/v1/write",
  unsupported: (contentType, contentEncoding) =>
    unsupportedType(contentType) ?? unsupportedEncoding(contentEncoding),
  decompress: decodeSnappy,
  parse: decodeWriteRequest,
};

/**
 * Version 2.0 names its message in the parameter `proto`. It must be refused by name: taken for 1.0 it
 * is a valid message without any series, and would be lost in silence.
 */
function unsupportedType(contentType = ""): string | undefined {
  const [type = "", ...parameters] = contentType.split(";").map((part) => part.trim().toLowerCase());
  if (type !== CONTENT_TYPE) return `content type ${JSON.stringify(contentType)}: ${CONTENT_TYPE} is taken`;
  const proto = parameters.find((parameter) => parameter.startsWith("proto="));
  if (proto === undefined || proto === "proto=prometheus.writerequest") return undefined;
  return `content type ${JSON.stringify(contentType)}: remote write 1.0, prometheus.WriteRequest, is taken`;
}

function unsupportedEncoding(contentEncoding = ""): string | undefined {
  if (contentEncoding.trim().toLowerCase() === "snappy") return undefined;
  return `content encoding ${JSON.stringify(contentEncoding)}: snappy (block format) is taken`;
}
