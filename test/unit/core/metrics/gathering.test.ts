import { expect, test } from "vitest";
import { Gathering } from "../../../../core/metrics/gathering.ts";
import { DEFAULT_WRITE_LIMITS } from "../../../../core/metrics/write-limits.ts";

const sample = (value: number) => ({ timestampMs: 1000, value });

test("samples of one name and labels are one series; families are those whose kind is known", () => {
  const gathering = new Gathering();
  gathering.add("h_bucket", { le: "1" }, sample(1), { kind: "histogram", help: "H." });
  gathering.add("h_bucket", { le: "1" }, sample(2), { kind: "histogram", help: "H." });
  gathering.add("g", {}, sample(3));
  expect(gathering.series).toEqual([
    { name: "h_bucket", kind: "histogram", help: "H.", labels: { le: "1" }, samples: [sample(1), sample(2)] },
    { name: "g", kind: "unknown", help: "", labels: {}, samples: [sample(3)] },
  ]);
  expect(gathering.families).toEqual([{ name: "h", kind: "histogram", help: "H." }]);
  expect(gathering.rejected).toBeUndefined();
});

test("of rejects the number is kept, and the first reason", () => {
  const gathering = new Gathering();
  gathering.reject("one");
  gathering.reject("another", 3);
  expect(gathering.rejected).toEqual({ samples: 4, reason: "one" });
});

test.for([
  ["more than 1 series", { maxSeries: 1 }],
  ["more than 1 samples", { maxSamples: 1 }],
  ["b: more than 1 labels", { maxLabelsPerSeries: 1 }],
  ["5 bytes of text, at most 4 are taken", { maxLabelNameBytes: 4 }],
  ["6 bytes of text, at most 5 are taken", { maxLabelValueBytes: 5 }],
] as const)("%s", ([message, limits]) => {
  const gathering = new Gathering({ ...DEFAULT_WRITE_LIMITS, ...limits });
  gathering.add("a", {}, sample(1));
  expect(() => gathering.add("b", { label: "ééé" }, sample(1))).toThrow(message);
});
