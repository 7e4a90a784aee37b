import type { IncomingHttpHeaders } from "node:http";
import type { Delivery } from "../../core/metrics/delivery.ts";
import { REMOTE_WRITE_HEADERS } from "../../core/metrics/remote-write.ts";
import {
  downgradeWriteRequest,
  FIELD,
  REMOTE_WRITE_V2_HEADERS,
  WriteRequestV2Encoder,
} from "../../core/metrics/remote-write-v2.ts";
import { decodeSnappy, encodeSnappy } from "../../core/metrics/snappy.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { type HttpAnswer, type HttpPost, judgeByStatus, openHttpPost } from "../http-post.ts";
import { sampleCount, sinkName } from "../sink-names.ts";
import { divideSnappy } from "../snappy-division.ts";
import { type WriteRequestFormat, WriteRequestTemplates } from "../write-request-template.ts";
import type { OpenSink } from "./types.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** With a table of strings of its own in each: what is kept from one to the next is the template. */
const FORMAT: WriteRequestFormat = {
  encode: (batch) => new WriteRequestV2Encoder().encode(batch),
  seriesField: FIELD.request.series,
  hasMetadata: true,
};

/** What a receiver of 2.0 says of what it has stored, and one of 1.0 does not. */
const WRITTEN = "x-prometheus-remote-write-samples-written";

/**
 * Prometheus remote write 2.0. A receiver of 1.0 may answer 204 to it and store nothing: without the
 * headers that say what was written the same samples are sent again as 1.0, and so are all after them.
 */
export const openRemoteWriteV2: OpenSink = (url, settings) => {
  const agent = { "user-agent": `plimsoll-agent/${packageVersion()}` };
  const isOld = { value: false };
  const v2 = openHttpPost({
    url,
    settings,
    headers: { ...REMOTE_WRITE_V2_HEADERS, ...agent },
    judge: (answer) => {
      isOld.value ||= isOldReceiver(answer);
      return judgeByStatus(answer);
    },
  });
  const v1 = openHttpPost({ url, settings, headers: { ...REMOTE_WRITE_HEADERS, ...agent } });
  const templates = new WriteRequestTemplates(FORMAT);
  const encoder = new WriteRequestV2Encoder();
  return {
    name: sinkName("remote-write-v2", url, settings),
    encode: (batch) => ({
      body: templates.encode(batch) ?? encodeSnappy(encoder.encode(batch)),
      samples: sampleCount(batch),
    }),
    divide: (body) => divideSnappy(body, FIELD.request.series),
    deliver: async (body, signal) => {
      if (!isOld.value) {
        const delivery = await v2.send(body, signal);
        if (!isOld.value) return delivery;
      }
      return sendAsV1(v1, body, signal);
    },
    receiverNowMs: v2.receiverNowMs,
  };
};

function isOldReceiver({ status, headers }: HttpAnswer): boolean {
  return status === 415 || (status >= 200 && status < 300 && !hasWritten(headers));
}

function hasWritten(headers: IncomingHttpHeaders): boolean {
  return headers[WRITTEN] !== undefined;
}

function sendAsV1(post: HttpPost, body: Uint8Array, signal: AbortSignal): Promise<Delivery> {
  return post.send(encodeSnappy(downgradeWriteRequest(decodeSnappy(body, MAX_BODY_BYTES))), signal);
}
