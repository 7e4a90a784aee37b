import { DecodeError } from "../../core/metrics/decode-error.ts";
import { parseInfluxLines, parsePrecision } from "../../core/metrics/influx-decode.ts";
import type { Series } from "../../core/metrics/series.ts";
import { PLAIN_OR_GZIP } from "../http/encodings.ts";
import { jsonReply, type Reply } from "../http/route.ts";
import { canonicalAddress, machineOf } from "../identity.ts";
import type { Accepted, Ingest } from "./types.ts";

/** InfluxDB's line protocol, at the paths of its versions 1 and 2. */
export const influx: Ingest = {
  name: "influx",
  methods: ["POST"],
  paths: ["/write", "/api/v2/write", "/influx/write", "/influx/api/v2/write"],
  takes: "lines",
  reads: () => true,
  encodings: PLAIN_OR_GZIP,
  parse: (bytes, { query, nowMs }) => {
    const precision = query.get("precision");
    const unitMs = parsePrecision(precision);
    if (unitMs === undefined)
      throw new DecodeError("MALFORMED", `invalid precision ${JSON.stringify(precision)}`);
    const text = Buffer.from(bytes).toString("utf8");
    const { gathering, texts } = parseInfluxLines(text, { unitMs, nowMs });
    const series = gathering.series.map(withMachine);
    return { series, families: [], skipped: { texts }, rejected: gathering.rejected };
  },
  accepted: (accepted, { path }) => answer(accepted, path),
  refused: ({ status, message, headers }, { path }) => error(status, message, path, headers),
};

/** Collectors of this family name the machine in the tag `host`. */
function withMachine(series: Series): Series {
  const { host, ...labels } = series.labels;
  if (host === undefined || machineOf(series.labels) !== undefined || canonicalAddress(host) === undefined)
    return series;
  return { ...series, labels: { ...labels, instance: host } };
}

/** Lines that can be read are kept beside those that cannot. */
function answer({ rejected }: Accepted, path: string): Reply {
  if (rejected === undefined) return { status: 204 };
  return error(400, `partial write: ${rejected.reason} dropped=${rejected.samples}`, path);
}

function error(status: number, message: string, path: string, headers: Reply["headers"] = {}): Reply {
  const isV2 = path.endsWith("/v2/write");
  const body = isV2 ? { code: CODES[status] ?? "internal error", message } : { error: message };
  const reply = jsonReply(status, body);
  const told: Reply["headers"] = isV2 ? {} : { "x-influxdb-error": message.replaceAll(/[^\t -~]/g, "?") };
  return { ...reply, headers: { ...headers, ...reply.headers, ...told } };
}

const CODES: Readonly<Record<number, string>> = {
  400: "invalid",
  403: "forbidden",
  409: "conflict",
  413: "request too large",
  415: "invalid",
  429: "too many requests",
  503: "unavailable",
};
