import type { Delivery } from "../../core/metrics/delivery.ts";
import { encodeWriteRequest, REMOTE_WRITE_HEADERS } from "../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../core/metrics/remote-write-decode.ts";
import { REMOTE_WRITE_V2_HEADERS, WriteRequestV2Encoder } from "../../core/metrics/remote-write-v2.ts";
import { encodeSnappy } from "../../core/metrics/snappy.ts";
import { type HttpAnswer, judgeAnswer, openHttpPost } from "../http-post.ts";
import { divideWriteRequest, renderWriteRequest, UNLIMITED } from "./remote-write.ts";
import type { OpenSink, SinkKind } from "./types.ts";

/** What a receiver of 2.0 says of what it has stored, and one of 1.0 does not. */
const WRITTEN = "x-prometheus-remote-write-samples-written";

/**
 * Prometheus remote write 2.0. What waits is written as 1.0: requests of 2.0 cannot be joined, and a
 * receiver that knows only 1.0 may answer 204 to 2.0 and store nothing. Without the headers that say
 * what was written the same samples are sent again as 1.0, and so are all after them.
 */
export const remoteWriteV2: SinkKind = {
  scheme: "remote-write-v2",
  transports: ["http", "https"],
  // With each series' own kind and help: there they belong to the series.
  openEncoder: () => (batches) => encodeWriteRequest(batches),
  render: renderWriteRequest,
  open: async (name, url, settings): Promise<OpenSink> => {
    let isOld = false;
    const judge = (answer: HttpAnswer): Delivery => {
      isOld ||= isOldReceiver(answer);
      return judgeAnswer(answer);
    };
    const v2 = await openHttpPost({ url, settings, headers: REMOTE_WRITE_V2_HEADERS, judge });
    const v1 = await openHttpPost({ url, settings, headers: REMOTE_WRITE_HEADERS });
    return {
      name,
      join: (chunks) => Buffer.concat(chunks),
      divide: divideWriteRequest,
      deliver: async (body, signal) => {
        if (!isOld) {
          const delivery = await v2.send(encodeSnappy(upgrade(body)), signal);
          if (!isOld) return delivery;
        }
        return v1.send(encodeSnappy(body), signal);
      },
      close: async () => {
        await Promise.all([v1.close(), v2.close()]);
      },
    };
  },
};

function upgrade(body: Uint8Array): Uint8Array {
  const { series } = decodeWriteRequest(body, UNLIMITED);
  return new WriteRequestV2Encoder().encode({ identity: {}, series });
}

function isOldReceiver({ status, headers }: HttpAnswer): boolean {
  return status === 415 || (status >= 200 && status < 300 && headers[WRITTEN] === undefined);
}
