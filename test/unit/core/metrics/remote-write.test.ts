import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeWriteRequest, familiesOf } from "../../../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../../../core/metrics/remote-write-decode.ts";
import { type Batch, type Series, staleSample } from "../../../../core/metrics/series.ts";
import { batches } from "../../../support/batches.ts";

const gauge = (name: string, labels: Series["labels"], ...samples: Series["samples"]): Series => ({
  name,
  kind: "gauge",
  help: "Load.",
  labels,
  samples,
});

test("one request, annotated", () => {
  const batch: Batch = {
    identity: { instance: "10.0.0.7" },
    series: [gauge("load1", { zone: "a", Rack: "", job: "x" }, { timestampMs: 1000, value: 0.25 })],
  };
  expect(Buffer.from(encodeWriteRequest([batch])).toString("hex")).toBe(
    [
      "0a 4c", // WriteRequest.timeseries, 76 bytes
      "0a 11 0a 08 5f5f6e616d655f5f 12 05 6c6f616431", // label __name__ = load1
      "0a 14 0a 08 696e7374616e6365 12 08 31302e302e302e37", // label instance = 10.0.0.7
      "0a 08 0a 03 6a6f62 12 01 78", // label job = x; Rack is empty and left out
      "0a 09 0a 04 7a6f6e65 12 01 61", // label zone = a
      "12 0c 09 000000000000d03f 10 e807", // sample 0.25 at 1000 ms
      "1a 10 08 02 12 05 6c6f616431 22 05 4c6f61642e", // metadata: type GAUGE, family, help
    ]
      .join("")
      .replaceAll(" ", ""),
  );
});

test("the two NaNs keep the bits Prometheus gives them", () => {
  const f = (want: string, sample: Series["samples"][number]): void => {
    const bytes = encodeWriteRequest([{ identity: {}, series: [gauge("x", {}, sample)] }], []);
    expect(Buffer.from(bytes).toString("hex").slice(-22, -6)).toBe(want);
    const back = decodeWriteRequest(bytes).series[0]?.samples[0];
    expect(back?.value).toBeNaN();
    expect(back?.stale).toBe(sample.stale);
  };
  f("020000000000f07f", staleSample(1000)); // 0x7ff0000000000002, little endian
  f("010000000000f87f", { timestampMs: 1000, value: Number.NaN }); // 0x7ff8000000000001
});

test("identity wins over a label of the same name, and __proto__ is a label like any other", () => {
  const labels = JSON.parse('{"instance":"mine","__proto__":"p"}');
  const bytes = encodeWriteRequest(
    [{ identity: { instance: "10.0.0.7" }, series: [gauge("x", labels, { timestampMs: 1, value: 1 })] }],
    [],
  );
  const decoded = decodeWriteRequest(bytes).series[0]?.labels ?? {};
  expect(Object.entries(decoded)).toEqual([
    ["__proto__", "p"],
    ["instance", "10.0.0.7"],
  ]);
});

test("__name__ sorts among the labels", () => {
  const series = gauge("m", { A: "1", _a: "2", __z: "3", b: "4" }, { timestampMs: 1, value: 1 });
  const bytes = Buffer.from(encodeWriteRequest([{ identity: {}, series: [series] }], []));
  // A name is followed by the tag of the value.
  const order = ["_a", "__name__", "A", "b", "__z"].toSorted(
    (one, other) => bytes.indexOf(`${one}\x12`) - bytes.indexOf(`${other}\x12`),
  );
  expect(order).toEqual(["A", "__name__", "__z", "_a", "b"]);
});

test("a series without samples is not sent", () => {
  expect(encodeWriteRequest([{ identity: {}, series: [gauge("x", {})] }], [])).toHaveLength(0);
});

test("each family is described once, by its own name", () => {
  const histogram = (name: string): Series => ({ ...gauge(name, {}), kind: "histogram", help: "H." });
  const series = [histogram("h_bucket"), histogram("h_sum"), histogram("h_count"), gauge("g", {})];
  expect(familiesOf([{ identity: {}, series }])).toEqual([
    { name: "h", kind: "histogram", help: "H." },
    { name: "g", kind: "gauge", help: "Load." },
  ]);
});

test("decode ∘ encode = id, and two requests in a row are one", () => {
  fc.assert(
    fc.property(batches, batches, (first, second) => {
      const one = encodeWriteRequest(first);
      const two = encodeWriteRequest(second, []);
      const decoded = decodeWriteRequest(Buffer.concat([one, two]));
      const flat = [...first, ...second].flatMap((batch) =>
        batch.series.map(({ name, labels, samples }) => ({
          name,
          labels: { ...labels, ...batch.identity },
          samples,
        })),
      );
      expect(decoded.series.map(({ name, labels, samples }) => ({ name, labels, samples }))).toEqual(flat);
      expect(decoded.families).toEqual(familiesOf(first));
    }),
  );
});
