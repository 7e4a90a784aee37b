import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "../../../../core/metrics/decode-error.ts";
import { LabelCache } from "../../../../core/metrics/label-cache.ts";
import { encodeAttributes, encodeMetricsRequest } from "../../../../core/metrics/otlp.ts";
import { decodeMetricsRequest } from "../../../../core/metrics/otlp-decode.ts";
import { gatherOtlp } from "../../../../core/metrics/otlp-series.ts";
import { ProtoWriter } from "../../../../core/metrics/protobuf.ts";
import { batches } from "../../../support/batches.ts";

/** Writes a message of fields, each a nested message, a text, a double or bytes. */
type Field = readonly [
  field: number,
  value: readonly Field[] | string | { readonly double: number } | { readonly fixed: number } | number,
];

function write(writer: ProtoWriter, fields: readonly Field[]): void {
  for (const [field, value] of fields.toReversed()) {
    if (typeof value === "string") writer.string(field, value);
    else if (typeof value === "number") writer.int64(field, value);
    else if ("double" in value) writer.double(field, value.double);
    else if ("fixed" in value) writer.fixed64(field, value.fixed >>> 0, Math.floor(value.fixed / 2 ** 32));
    else {
      const start = writer.length;
      write(writer, value);
      writer.message(field, start);
    }
  }
}

function message(...fields: readonly Field[]): Uint8Array {
  const writer = new ProtoWriter();
  write(writer, fields);
  return writer.finish();
}

const time: Field = [3, { fixed: 1_700_000_000_123 * 1e6 }];
const attribute = (at: number, key: string, ...value: readonly Field[]): Field => [
  at,
  [
    [1, key],
    [2, value],
  ],
];
const request = message([
  1,
  [
    [1, [attribute(1, "host.ip", [5, [[1, [[1, "10.0.0.7"]]]]]), attribute(1, "n", [3, -5])]],
    [
      2,
      [
        [
          2,
          [
            [1, "g"],
            [2, "G."],
            [5, [[1, [time, [6, { fixed: 12 }], attribute(7, "b", [2, 1])]]]],
          ],
        ],
        [
          2,
          [
            [1, "s"],
            [3, "s"],
            [
              7,
              [
                [1, [time, [4, { double: 0.5 }]]],
                [2, 2],
                [3, 1],
              ],
            ],
          ],
        ],
        [
          2,
          [
            [1, "h"],
            [
              9,
              [
                [
                  1,
                  [
                    time,
                    [4, { fixed: 3 }],
                    [5, { double: 9 }],
                    [6, { fixed: 1 }],
                    [6, { fixed: 2 }],
                    [7, { double: 2 }],
                  ],
                ],
                [2, 2],
              ],
            ],
          ],
        ],
        [
          2,
          [
            [1, "q"],
            [
              11,
              [
                [
                  1,
                  [
                    time,
                    [4, { fixed: 3 }],
                    [
                      6,
                      [
                        [1, { double: 0.5 }],
                        [2, { double: 7 }],
                      ],
                    ],
                  ],
                ],
              ],
            ],
          ],
        ],
        [
          2,
          [
            [1, "e"],
            [10, [[1, [time]]]],
          ],
        ],
      ],
    ],
  ],
]);

test("every shape a metric can have", () => {
  const [resource, ...others] = decodeMetricsRequest(request);
  expect(others).toEqual([]);
  expect(resource?.attributes).toEqual({ "host.ip": '["10.0.0.7"]', n: "-5" });
  const gathering = gatherOtlp([resource ?? { attributes: {}, metrics: [] }]);
  const lines = gathering.series.map(
    ({ name, kind, labels, samples }) =>
      `${kind} ${name} ${labels.ip} ${labels.b ?? labels.le ?? labels.quantile ?? ""} ${samples[0]?.value}`,
  );
  expect(lines).toEqual([
    "gauge g 10.0.0.7 true 12",
    "counter s_seconds_total 10.0.0.7  0.5",
    "histogram h_bucket 10.0.0.7 2 1",
    "histogram h_bucket 10.0.0.7 +Inf 3",
    "histogram h_count 10.0.0.7  3",
    "histogram h_sum 10.0.0.7  9",
    "summary q 10.0.0.7 0.5 7",
    "summary q_count 10.0.0.7  3",
    "summary q_sum 10.0.0.7  0",
  ]);
  expect(gathering.rejected).toEqual({ samples: 1, reason: "e: an exponential histogram is not kept" });
  expect(gathering.series[0]?.samples[0]?.timestampMs).toBe(1_700_000_000_123);
});

test("what our encoder writes, for any batch", () => {
  fc.assert(
    fc.property(batches, (all) => {
      for (const batch of all) {
        const bytes = encodeMetricsRequest(
          batch,
          { name: "plimsoll-agent", version: "1" },
          new LabelCache(encodeAttributes),
        );
        const { series } = gatherOtlp(decodeMetricsRequest(bytes));
        const values = series.flatMap(({ samples }) => samples.map(({ value }) => value)).sort();
        const want = batch.series.flatMap(({ samples }) =>
          samples.filter(({ timestampMs }) => timestampMs !== 0),
        );
        expect(values).toEqual(want.map(({ value }) => value).sort());
      }
    }),
    { numRuns: 50 },
  );
});

test("any truncation decodes or is a DecodeError", () => {
  for (let end = 0; end < request.length; end++) {
    try {
      decodeMetricsRequest(request.subarray(0, end));
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError);
    }
  }
});

test("lists may not be nested without end", () => {
  let value: Field = [1, "x"];
  for (let i = 0; i < 10; i++) value = [5, [[1, [value]]]];
  expect(() => decodeMetricsRequest(message([1, [[1, [attribute(1, "a", value)]]]]))).toThrow(
    "more than 8 deep",
  );
});
