import {
  encodeWriteRequest,
  FIELD,
  familiesOf,
  REMOTE_WRITE_HEADERS,
} from "../../core/metrics/remote-write.ts";
import type { Batch, Family } from "../../core/metrics/series.ts";
import { encodeSnappy, joinSnappy } from "../../core/metrics/snappy.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { openHttpPost } from "../http-post.ts";
import { sampleCount, sinkName } from "../sink-names.ts";
import { divideSnappy } from "../snappy-division.ts";
import { type WriteRequestFormat, WriteRequestTemplates } from "../write-request-template.ts";
import type { Encoded, OpenSink } from "./types.ts";

/** Types and help texts are half of a request, and the same each time: Prometheus too sends them once a minute. */
const METADATA_MS = 60_000;

/** Prometheus Remote Write 1.0: snappy-compressed WriteRequests. */
export const openRemoteWrite: OpenSink = (url, settings) => {
  const headers = { ...REMOTE_WRITE_HEADERS, "user-agent": `plimsoll-agent/${packageVersion()}` };
  const post = openHttpPost({ url, settings, headers });
  return {
    name: sinkName("remote-write", url, settings),
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

const FORMAT: WriteRequestFormat = {
  encode: (batch) => encodeWriteRequest([batch], []),
  seriesField: FIELD.request.series,
  hasMetadata: false,
};

function openEncoder(): (batch: Batch) => Encoded {
  const templates = new WriteRequestTemplates(FORMAT);
  const isMetadataDue = openMetadataSchedule();
  const encodeFamilies = openFamilies();
  return (batch) => {
    const samples = templates.encode(batch) ?? encodeSnappy(FORMAT.encode(batch));
    // Two requests, one after the other, are one.
    const body = isMetadataDue(batch) ? joinSnappy([samples, encodeFamilies(batch)]) : samples;
    return { body, samples: sampleCount(batch) };
  };
}

/** Metadata of a batch, compressed: made anew only when it is another. */
function openFamilies(): (batch: Batch) => Uint8Array {
  let known: { readonly families: readonly Family[]; readonly body: Uint8Array } | undefined;
  return (batch) => {
    const families = familiesOf([batch]);
    if (known === undefined || !isSame(known.families, families))
      known = { families, body: encodeSnappy(encodeWriteRequest([], families)) };
    return known.body;
  };
}

function isSame(some: readonly Family[], others: readonly Family[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ name, kind, help }, i) => {
      const other = others[i];
      return name === other?.name && kind === other.kind && help === other.help;
    })
  );
}
