import { DecodeError } from "../../core/metrics/decode-error.ts";
import { parseFalconValues } from "../../core/metrics/open-falcon-decode.ts";
import { PLAIN_OR_GZIP } from "../http/encodings.ts";
import { jsonReply, type Reply } from "../http/route.ts";
import type { Accepted, Ingest } from "./types.ts";

const AGENT = "/v1/push";
const TRANSFER = "/api/push";

/** Open-Falcon's JSON, as its agent takes it on each host and as its transfer takes it from afar. */
export const openFalcon: Ingest = {
  name: "falcon",
  methods: ["POST"],
  paths: [AGENT, TRANSFER],
  takes: "JSON",
  reads: () => true,
  encodings: PLAIN_OR_GZIP,
  parse: (bytes, { nowMs }) => {
    if (bytes.length === 0) throw new DecodeError("MALFORMED", "body is blank");
    const gathering = parseFalconValues(Buffer.from(bytes).toString("utf8"), nowMs);
    const { series, families, rejected } = gathering;
    return { series, families, skipped: {}, rejected };
  },
  accepted: (accepted, { path }) => (path === AGENT ? success() : report(accepted)),
};

function success(): Reply {
  return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: "success" };
}

/** It says 200 to what is invalid too, and how much of that there was. */
function report({ samples, rejected }: Accepted): Reply {
  const invalid = rejected?.samples ?? 0;
  const data = { Message: "ok", Total: samples + invalid, Invalid: invalid, Latency: 0 };
  return jsonReply(200, { msg: "success", data });
}
