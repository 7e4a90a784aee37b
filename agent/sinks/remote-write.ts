import {
  encodeWriteRequest,
  FIELD,
  familiesOf,
  REMOTE_WRITE_HEADERS,
} from "../../core/metrics/remote-write.ts";
import type { Batch } from "../../core/metrics/series.ts";
import { encodeSnappy, joinSnappy } from "../../core/metrics/snappy.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { openHttpPost } from "../http-post.ts";
import { sampleCount, sinkName } from "../sink-names.ts";
import { divideSnappy } from "../snappy-division.ts";
import { WriteRequestTemplates } from "../write-request-template.ts";
import type { Encoded, OpenSink } from "./types.ts";

/** Types and help texts are half of a request, and the same each time: Prometheus too sends them once a minute. */
const METADATA_MS = 60_000;

/** Prometheus Remote Write 1.0: snappy-compressed WriteRequests. */
export const openRemoteWrite: OpenSink = (url, settings) => {
  const headers = { ...REMOTE_WRITE_HEADERS, "user-agent": `plimsoll-agent/${packageVersion()}` };
  const post = openHttpPost({ url, settings, headers });
  return {
    name: sinkName("remote-write", url),
    encode: openEncoder(),
    join: joinSnappy,
    divide: (body) => divideSnappy(body, FIELD.request.series),
    deliver: (body, signal) => post.send(body, signal),
    receiverNowMs: post.receiverNowMs,
  };
};

/** For protocols that send metadata apart from the samples: whether it is time for this batch to carry it. */
function openMetadataSchedule(): (batch: Batch) => boolean {
  let metadataMs = Number.NEGATIVE_INFINITY;
  return (batch) => {
    const nowMs = batch.series[0]?.samples[0]?.timestampMs ?? 0;
    // A clock that was set back must not silence it.
    const isDue = Math.abs(nowMs - metadataMs) >= METADATA_MS;
    if (isDue) metadataMs = nowMs;
    return isDue;
  };
}

function openEncoder(): (batch: Batch) => Encoded {
  const templates = new WriteRequestTemplates();
  const isMetadataDue = openMetadataSchedule();
  return (batch) => {
    const samples = templates.encode(batch) ?? encodeSnappy(encodeWriteRequest([batch], []));
    // Two requests, one after the other, are one.
    const body = isMetadataDue(batch) ? joinSnappy([samples, encodeFamilies(batch)]) : samples;
    return { body, samples: sampleCount(batch) };
  };
}

function encodeFamilies(batch: Batch): Uint8Array {
  return encodeSnappy(encodeWriteRequest([], familiesOf([batch])));
}
