import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeWriteRequest } from "../../../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../../../core/metrics/remote-write-decode.ts";
import { downgradeWriteRequest, WriteRequestV2Encoder } from "../../../../core/metrics/remote-write-v2.ts";
import type { Batch } from "../../../../core/metrics/series.ts";
import { batches } from "../../../support/batches.ts";
import { openProto } from "../../../support/proto.ts";

interface Request {
  readonly symbols: readonly string[];
  readonly timeseries: readonly {
    readonly labelsRefs: readonly number[];
    readonly samples: readonly { readonly value?: number; readonly timestamp?: string }[];
    readonly metadata: { readonly type?: number; readonly helpRef?: number };
  }[];
}
const proto = openProto<Request>("remote-write-v2", "io.prometheus.write.v2.Request");

const batch = (...names: readonly string[]): Batch => ({
  identity: { instance: "10.0.0.7" },
  series: names.map((name) => ({
    name,
    kind: "counter",
    help: "Help.",
    labels: { device: "eth0", empty: "" },
    samples: [{ timestampMs: 1000, value: 2 }],
  })),
});

test("one request by a decoder that is not ours", () => {
  const { symbols, timeseries } = proto.decode(
    new WriteRequestV2Encoder().encode(batch("a_total", "b_total")),
  );

  expect(symbols[0]).toBe("");
  expect(new Set(symbols).size).toBe(symbols.length);
  expect(timeseries.map(({ labelsRefs }) => labelsRefs.map((ref) => symbols[ref]))).toEqual([
    ["__name__", "a_total", "device", "eth0", "instance", "10.0.0.7"],
    ["__name__", "b_total", "device", "eth0", "instance", "10.0.0.7"],
  ]);
  expect(timeseries.map(({ samples }) => samples)).toEqual(Array(2).fill([{ value: 2, timestamp: "1000" }]));
  expect(timeseries.map(({ metadata }) => [metadata.type, symbols[metadata.helpRef ?? 0]])).toEqual(
    Array(2).fill([1, "Help."]),
  );
});

test("the table grows with new series, and is made anew in time", () => {
  const encoder = new WriteRequestV2Encoder();
  const symbols = (...names: readonly string[]) => proto.decode(encoder.encode(batch(...names))).symbols;

  expect(symbols("a_total")).not.toContain("b_total");
  expect(symbols("a_total", "b_total")).toContain("b_total");
  for (let i = 0; i < 358; i++) symbols("a_total");
  expect(symbols("a_total")).not.toContain("b_total");
});

test("as 1.0 it says the same, whatever the batches", () => {
  fc.assert(
    fc.property(batches, (list) => {
      const encoder = new WriteRequestV2Encoder();
      for (const one of list) {
        const downgraded = decodeWriteRequest(downgradeWriteRequest(encoder.encode(one)));
        const direct = decodeWriteRequest(encodeWriteRequest([one]));
        expect(downgraded.series).toEqual(direct.series);
        expect(new Set(downgraded.families)).toEqual(new Set(direct.families));
      }
    }),
  );
});

test("what is not known is passed over, what is malformed is refused", () => {
  const unknown = Buffer.concat([
    Uint8Array.of(0x48, 1),
    new WriteRequestV2Encoder().encode(batch("a_total")),
  ]);

  expect(decodeWriteRequest(downgradeWriteRequest(unknown)).series).toHaveLength(1);
  // A series with field 9, metadata with field 9.
  expect(downgradeWriteRequest(Uint8Array.of(0x2a, 6, 0x48, 1, 0x2a, 2, 0x48, 1))).toEqual(
    Buffer.from([0x0a, 0]),
  );
  expect(() => downgradeWriteRequest(Uint8Array.of(0x2a, 200))).toThrow();
});
