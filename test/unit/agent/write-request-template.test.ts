import fc from "fast-check";
import { expect, test } from "vitest";
import { gauge, point } from "../../../agent/metric.ts";
import { type WriteRequestFormat, WriteRequestTemplates } from "../../../agent/write-request-template.ts";
import { encodeWriteRequest, FIELD } from "../../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../../core/metrics/remote-write-decode.ts";
import { FIELD as FIELD_V2, WriteRequestV2Encoder } from "../../../core/metrics/remote-write-v2.ts";
import { type Batch, type Labels, type Series, staleSample } from "../../../core/metrics/series.ts";
import { decodeSnappy } from "../../../core/metrics/snappy.ts";
import { sayAt, shapes, ticks } from "../../support/batch-shapes.ts";

const IDENTITY = { instance: "10.0.0.7", ip: "10.0.0.7", hostname: "web" };
const NOW = 1_790_000_000_000;

const V1: WriteRequestFormat = {
  encode: (batch) => encodeWriteRequest([batch], []),
  seriesField: FIELD.request.series,
  hasMetadata: false,
};
const V2: WriteRequestFormat = {
  encode: (batch) => new WriteRequestV2Encoder().encode(batch),
  seriesField: FIELD_V2.request.series,
  hasMetadata: true,
};

function batchOf(values: readonly number[], timestampMs = NOW, identity: Labels = IDENTITY): Batch {
  const series = values.map((value, i) =>
    point(gauge("node_cpu_seconds_total", "s"), { cpu: String(i), mode: "idle" }, value, timestampMs),
  );
  return { identity, series };
}

function decoded(body: Uint8Array | undefined): readonly Series[] {
  return decodeWriteRequest(decodeSnappy(body ?? new Uint8Array(0), 10_000_000)).series;
}

function said({ identity, series }: Batch): unknown[] {
  return series.map(({ name, labels, samples }) => ({ name, labels: { ...labels, ...identity }, samples }));
}

const shortly = (series: readonly Series[]) =>
  series.map(({ name, labels, samples }) => ({ name, labels, samples }));

test("what a template is filled with is what is said: values, not-a-numbers, ends, times", () => {
  const templates = new WriteRequestTemplates(V1);
  const batches = [
    batchOf([0, 0, 1, 2.5]),
    batchOf([3, -0, Number.POSITIVE_INFINITY, 1e300], NOW + 10_001),
    batchOf([Number.NaN, 7, 7, 7], NOW * 2),
  ];
  const [last] = batches.slice(-1);
  const ended = {
    identity: IDENTITY,
    series: (last?.series ?? []).map((one) => ({ ...one, samples: [staleSample(NOW)] })),
  };
  for (const batch of [...batches, ended])
    expect(shortly(decoded(templates.encode(batch)))).toEqual(said(batch));
});

test("other series, another order, another identity are other templates, and those before are still good", () => {
  const templates = new WriteRequestTemplates(V1);
  const one = batchOf([1, 2, 3]);
  const shapes = [
    one,
    { ...one, series: one.series.slice(1) },
    { ...one, series: [...one.series].reverse() },
    batchOf([4, 5, 6], NOW + 5, { ...IDENTITY, ip: "10.0.0.8" }),
    { ...one, series: one.series.map((each) => ({ ...each, labels: { ...each.labels, more: "1" } })) },
  ];
  for (const batch of [...shapes, ...shapes, ...shapes.reverse()])
    expect(shortly(decoded(templates.encode(batch)))).toEqual(said(batch));
});

test("a thousand series: smaller than a third of what they are, and right in every block", () => {
  const templates = new WriteRequestTemplates(V1);
  const values = Array.from({ length: 1500 }, (_, i) => i * 1.1);
  templates.encode(batchOf(values));
  const batch = batchOf(
    values.map((value) => value + 1),
    NOW + 10_000,
  );
  const body = templates.encode(batch);

  expect(shortly(decoded(body))).toEqual(said(batch));
  expect((body?.length ?? 0) / 1500).toBeLessThan(40);
});

test("series with two samples, with a time of their own or of another century are not for templates", () => {
  const templates = new WriteRequestTemplates(V1);
  const { identity, series } = batchOf([1, 2]);
  const [first, second] = series as [Series, Series];
  const twice = { ...first, samples: [...first.samples, ...second.samples] };
  const earlier = { ...first, samples: [{ timestampMs: 1, value: 1 }] };
  for (const some of [[twice, second], [earlier, second], [earlier], []])
    expect(templates.encode({ identity, series: some })).toBeUndefined();
});

test.for([
  ["1.0", V1],
  ["2.0", V2],
] as const)("%s: a filled template is, uncompressed, what is encoded anew", ([, format]) => {
  fc.assert(
    fc.property(shapes, ticks, (all, some) => {
      const templates = new WriteRequestTemplates(format);
      for (const tick of some) {
        const batch = { identity: IDENTITY, series: sayAt(all, tick) };
        const body = templates.encode(batch) ?? new Uint8Array(0);
        expect(Buffer.from(decodeSnappy(body, 1e6))).toEqual(Buffer.from(format.encode(batch)));
      }
    }),
  );
});

test("types and help texts that are others are another template where they are in it", () => {
  const templates = new WriteRequestTemplates(V2);
  const { identity, series } = batchOf([1, 2]);
  const other = series.map((one) => ({ ...one, help: "another" }));
  for (const some of [series, other, series]) {
    const body = templates.encode({ identity, series: some }) ?? new Uint8Array(0);
    const plain = V2.encode({ identity, series: some });
    expect(Buffer.from(decodeSnappy(body, 1e6))).toEqual(Buffer.from(plain));
  }
});
