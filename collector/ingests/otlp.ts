import { encodeMetricsResponse, encodeStatus } from "../../core/metrics/otlp.ts";
import { decodeMetricsRequest } from "../../core/metrics/otlp-decode.ts";
import { parseMetricsRequest } from "../../core/metrics/otlp-json.ts";
import { gatherOtlp } from "../../core/metrics/otlp-series.ts";
import { PLAIN_OR_GZIP } from "../http/encodings.ts";
import { jsonReply, type Reply } from "../http/route.ts";
import type { Accepted, Ingest, IngestRequest } from "./types.ts";

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";

/** OTLP over HTTP, protobuf and JSON; answers come in the form of the request. */
export const otlp: Ingest = {
  name: "otlp",
  methods: ["POST"],
  paths: ["/v1/metrics"],
  takes: `${PROTOBUF} or ${JSON_TYPE}`,
  reads: (contentType) => contentType.startsWith(PROTOBUF) || isJson(contentType),
  encodings: PLAIN_OR_GZIP,
  parse: (bytes, { contentType }) => {
    const resources = isJson(contentType)
      ? parseMetricsRequest(Buffer.from(bytes).toString("utf8"))
      : decodeMetricsRequest(bytes);
    const { series, families, rejected } = gatherOtlp(resources);
    return { series, families, skipped: {}, rejected };
  },
  accepted,
  refused: ({ status, message, headers }, { contentType }) => {
    const reply = isJson(contentType)
      ? jsonReply(status, { message })
      : protobufReply(status, encodeStatus(message));
    return { ...reply, headers: { ...headers, ...reply.headers } };
  },
};

function isJson(contentType: string): boolean {
  return contentType.split(";")[0] === JSON_TYPE;
}

/** Also where a part was left out: it must not be sent again. */
function accepted({ rejected }: Accepted, { contentType }: IngestRequest): Reply {
  const { samples = 0, reason = "" } = rejected ?? {};
  if (!isJson(contentType)) return protobufReply(200, encodeMetricsResponse(samples, reason));
  // An int64, which JSON has as a text.
  const partialSuccess = { rejectedDataPoints: String(samples), errorMessage: reason };
  return jsonReply(200, rejected === undefined ? {} : { partialSuccess });
}

function protobufReply(status: number, body: Uint8Array): Reply {
  return { status, headers: { "content-type": PROTOBUF }, body };
}
