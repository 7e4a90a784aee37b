import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "../../../../core/metrics/decode-error.ts";
import { mergedLabels } from "../../../../core/metrics/labels.ts";
import { ProtoWriter } from "../../../../core/metrics/protobuf.ts";
import { encodeWriteRequest } from "../../../../core/metrics/remote-write.ts";
import { WriteRequestV2Encoder } from "../../../../core/metrics/remote-write-v2.ts";
import { decodeWriteRequestV2 } from "../../../../core/metrics/remote-write-v2-decode.ts";
import { DEFAULT_WRITE_LIMITS } from "../../../../core/metrics/write-limits.ts";
import { batches } from "../../../support/batches.ts";
import { gauge } from "../../../support/push.ts";

interface Raw {
  readonly symbols: readonly string[];
  readonly refs: readonly number[];
  readonly isPacked?: boolean;
  /** Fields 3 (histograms), 4 (exemplars) and 6 (created_timestamp of older senders). */
  readonly extras?: boolean;
}

/** A request with one series and one sample, as a sender that checks nothing would write it. */
function rawRequest({ symbols, refs, isPacked = true, extras = false }: Raw): Uint8Array {
  const writer = new ProtoWriter();
  if (extras) writer.int64(6, 1);
  for (const field of extras ? [4, 3] : []) {
    const start = writer.length;
    writer.message(field, start);
  }
  const sample = writer.length;
  writer.int64(3, 900); // start_timestamp
  writer.int64(2, 1000);
  writer.double(1, 1);
  writer.message(2, sample);
  if (isPacked) writer.packed(1, refs);
  else for (const ref of refs.toReversed()) writer.int64(1, ref);
  writer.message(5, 0);
  for (const symbol of symbols.toReversed()) writer.string(4, symbol);
  return writer.finish();
}

const symbols = ["", "__name__", "up", "instance", "10.0.0.7", "1a"];
const good = { symbols, refs: [3, 4, 1, 2] };

test("labels in any order, packed or not; what cannot be kept is counted", () => {
  const series = [
    {
      name: "up",
      kind: "unknown",
      help: "",
      labels: { instance: "10.0.0.7" },
      samples: [{ timestampMs: 1000, value: 1 }],
    },
  ];
  expect(decodeWriteRequestV2(rawRequest(good))).toMatchObject({ series });
  const { skipped, ...rest } = decodeWriteRequestV2(rawRequest({ ...good, isPacked: false, extras: true }));
  expect(rest).toMatchObject({ series });
  expect(skipped).toEqual({ exemplars: 1, histograms: 1 });
});

test("what our encoder writes, for any batch", () => {
  fc.assert(
    fc.property(batches, (all) => {
      for (const batch of all) {
        const { series } = decodeWriteRequestV2(new WriteRequestV2Encoder().encode(batch));
        const want = batch.series.map((one) => ({
          ...one,
          labels: mergedLabels(one.labels, batch.identity),
        }));
        expect(series).toEqual(want);
      }
    }),
    { numRuns: 50 },
  );
});

test.for([
  ["the first symbol is not empty", { symbols: ["a"], refs: [] }],
  ["series 0: an odd number of label references", { symbols, refs: [1] }],
  ["series 0: symbol 6 of 6", { symbols, refs: [1, 6] }],
  ['series 0: "1a" is not a label name', { symbols, refs: [5, 2] }],
  ["series 0: label __name__ stands twice", { symbols, refs: [1, 2, 1, 2] }],
  ['series 0: "" is not a metric name', { symbols, refs: [3, 4] }],
  ['series 0: "1a" is not a metric name', { symbols, refs: [1, 5] }],
] as const)("%s", ([message, raw]) => {
  expect(() => decodeWriteRequestV2(rawRequest(raw))).toThrow(message);
});

test("a request of 1.0 is not an empty one of 2.0", () => {
  const bytes = encodeWriteRequest([{ identity: {}, series: [gauge("up", {})] }]);
  expect(() => decodeWriteRequestV2(bytes)).toThrow("field 1: a request of version 1.0");
});

test("limits", () => {
  const decode = (limits: object) => () =>
    decodeWriteRequestV2(rawRequest(good), { ...DEFAULT_WRITE_LIMITS, ...limits });
  expect(decode({ maxSeries: 0 })).toThrow("more than 0 symbols");
  expect(decode({ maxSamples: 0 })).toThrow("more than 0 samples");
  expect(decode({ maxLabelsPerSeries: 1 })).toThrow("more than 1 labels");
  expect(decode({ maxLabelValueBytes: 7 })).toThrow("8 bytes of text");
});

test("any truncation decodes or is a DecodeError", () => {
  const bytes = rawRequest({ ...good, extras: true });
  for (let end = 0; end < bytes.length; end++) {
    try {
      decodeWriteRequestV2(bytes.subarray(0, end));
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
    }
  }
});
