import { encodeWriteRequest, REMOTE_WRITE_HEADERS } from "../../core/metrics/remote-write.ts";
import { encodeSnappy } from "../../core/metrics/snappy.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { openHttpPost } from "../http-post.ts";
import type { SinkProtocol } from "./types.ts";

const TIMEOUT_MS = 10_000;

/** Prometheus Remote Write 1.0: one snappy-compressed WriteRequest per batch. */
export const remoteWrite: SinkProtocol = {
  name: "remote-write",
  transports: ["http", "https"],
  encode: (batch) => encodeSnappy(encodeWriteRequest([batch])),
  open: (url) => {
    const post = openHttpPost({
      url,
      timeoutMs: TIMEOUT_MS,
      headers: { ...REMOTE_WRITE_HEADERS, "user-agent": `plimsoll-agent/${packageVersion()}` },
    });
    return {
      name: `remote-write+${url.protocol}//${url.host}${url.pathname}`,
      deliver: (body, signal) => post.send(body, signal),
    };
  },
};
