import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "../../../../core/metrics/decode-error.ts";
import { ProtoWriter } from "../../../../core/metrics/protobuf.ts";
import { encodeWriteRequest } from "../../../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../../../core/metrics/remote-write-decode.ts";
import { DEFAULT_WRITE_LIMITS } from "../../../../core/metrics/write-limits.ts";
import { batches } from "../../../support/batches.ts";

type Pair = readonly [name: string, value: string];

/** A request as a sender that does not sort or check would write it. */
function rawRequest(...series: readonly (readonly Pair[])[]): Uint8Array {
  const writer = new ProtoWriter();
  for (const labels of series.toReversed()) {
    const start = writer.length;
    writer.int64(2, 1000);
    writer.double(1, 1);
    writer.message(2, start);
    for (const [name, value] of labels.toReversed()) {
      const label = writer.length;
      writer.string(2, value);
      writer.string(1, name);
      writer.message(1, label);
    }
    writer.message(1, start);
  }
  return writer.finish();
}

const failure = (bytes: Uint8Array, limits = DEFAULT_WRITE_LIMITS): string => {
  try {
    decodeWriteRequest(bytes, limits);
  } catch (error) {
    if (error instanceof DecodeError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "decoded";
};

const good: readonly Pair[] = [
  ["__name__", "up"],
  ["instance", "10.0.0.7"],
];

test("labels may come in any order; an empty value is no label", () => {
  const { series } = decodeWriteRequest(
    rawRequest([
      ["z", "1"],
      ["__name__", "up"],
      ["a", ""],
      ["b", "é"],
    ]),
  );
  expect(series).toEqual([
    {
      name: "up",
      kind: "unknown",
      help: "",
      labels: { z: "1", b: "é" },
      samples: [{ timestampMs: 1000, value: 1 }],
    },
  ]);
});

test("canonical is what may go on as it came: sorted, with values, nothing that is not read", () => {
  const f = (...series: readonly (readonly Pair[])[]): boolean =>
    decodeWriteRequest(rawRequest(...series)).isCanonical;
  expect(f(good, [["Z", "1"], ...good])).toBe(true);
  expect(f(good, good.toReversed())).toBe(false);
  expect(f([...good, ["z", ""]])).toBe(false);
  const strange = (field: number, within?: number): boolean => {
    const writer = new ProtoWriter();
    writer.string(field, "x");
    if (within !== undefined) writer.string(2, "up");
    if (within !== undefined) writer.message(within, 0);
    return decodeWriteRequest(Buffer.concat([rawRequest(good), writer.finish()])).isCanonical;
  };
  expect([strange(4), strange(5, 3)]).toEqual([false, true]); // a unit in metadata does no harm
});

test("not canonical: a label or sample with a field we do not know, or of another wire type", () => {
  const f = (within: (writer: ProtoWriter) => void): boolean => {
    const writer = new ProtoWriter();
    within(writer);
    writer.message(1, 0);
    return decodeWriteRequest(Buffer.concat([rawRequest(good), writer.finish()])).isCanonical;
  };
  const series =
    (strangeLabel: number, strangeSample: number) =>
    (writer: ProtoWriter): void => {
      writer.double(1, 1);
      writer.int64(strangeSample, 5);
      writer.message(2, 0);
      const labelAt = writer.length;
      writer.string(2, "up");
      writer.string(1, "__name__");
      if (strangeLabel !== 0) writer.int64(strangeLabel, 5);
      writer.message(1, labelAt);
    };
  expect([f(series(0, 2)), f(series(1, 2)), f(series(3, 2)), f(series(0, 1))]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test("what is wrong is told with the series it is in", () => {
  const f = (want: string, ...series: readonly (readonly Pair[])[]): void => {
    expect(failure(rawRequest(...series))).toBe(want);
  };
  f('MALFORMED series 1: {a="1"}: no __name__', good, [["a", "1"]]);
  f('MALFORMED series 0: "1up" is not a metric name', [["__name__", "1up"]]);
  f('MALFORMED series 0: "a-b" is not a label name', [
    ["__name__", "up"],
    ["a-b", "1"],
  ]);
  f('MALFORMED series 0: "" is not a label name', [
    ["__name__", "up"],
    ["", "1"],
  ]);
  f('MALFORMED series 0: up{a="1",c="2"}: label c stands twice', [
    ["__name__", "up"],
    ["a", "1"],
    ["c", "2"],
    ["b", ""],
    ["c", "3"],
  ]);
  f("MALFORMED series 0: up: label __name__ stands twice", [
    ["__name__", "up"],
    ["__name__", "down"],
  ]);
});

test("text that is not UTF-8 is refused", () => {
  const bytes = Buffer.from(
    rawRequest([
      ["__name__", "up"],
      ["a", "éé"],
    ]),
  );
  bytes[bytes.indexOf(0xa9)] = 0x20;
  expect(failure(bytes)).toMatch(/^MALFORMED series 0: text is not UTF-8 at byte \d+$/);
});

test("each limit holds", () => {
  const f = (want: string, limits: Partial<typeof DEFAULT_WRITE_LIMITS>): void => {
    expect(failure(rawRequest(good, good), { ...DEFAULT_WRITE_LIMITS, ...limits })).toBe(want);
  };
  f("decoded", {
    maxSeries: 2,
    maxSamples: 2,
    maxLabelsPerSeries: 2,
    maxLabelNameBytes: 8,
    maxLabelValueBytes: 8,
  });
  f("LIMIT series 1: more than 1 series", { maxSeries: 1 });
  f("LIMIT series 1: more than 1 samples", { maxSamples: 1 });
  f("LIMIT series 0: up: more than 1 labels", { maxLabelsPerSeries: 1 });
  f("LIMIT series 0: 8 bytes of text, at most 7 are taken", { maxLabelNameBytes: 7 });
  f("LIMIT series 0: 8 bytes of text, at most 7 are taken", { maxLabelValueBytes: 7 });
});

test("kind and help come from the request's metadata, through a histogram's suffixes", () => {
  const series = ["h_bucket", "h_sum", "g_sum"].map((name) => ({
    name,
    kind: "unknown" as const,
    help: "",
    labels: {},
    samples: [{ timestampMs: 1, value: 1 }],
  }));
  const bytes = encodeWriteRequest(
    [{ identity: {}, series }],
    [
      { name: "h", kind: "histogram", help: "H." },
      { name: "g", kind: "gauge", help: "G." },
    ],
  );
  expect(decodeWriteRequest(bytes).series.map(({ kind, help }) => `${kind} ${help}`)).toEqual([
    "histogram H.",
    "histogram H.",
    "unknown ",
  ]);
});

test("exemplars and native histograms are skipped and counted", () => {
  const writer = new ProtoWriter();
  for (const field of [4, 3, 3]) {
    const start = writer.length;
    writer.int64(9, 1);
    writer.message(field, start);
  }
  const label = writer.length;
  writer.string(2, "up");
  writer.string(1, "__name__");
  writer.message(1, label);
  writer.message(1, 0);
  const decoded = decodeWriteRequest(writer.finish());
  expect(decoded.skipped).toEqual({ exemplars: 2, histograms: 1 });
  expect(decoded.series[0]?.samples).toEqual([]);
});

test("a timestamp beyond what a number holds exactly is refused", () => {
  // sample { timestamp: 2^63 - 1 }
  const bytes = Buffer.from("0a0c120a10ffffffffffffffff7f", "hex");
  expect(failure(bytes)).toBe("MALFORMED series 0: protobuf: a number is out of range at byte 14");
});

test("no truncation or corruption gives anything but a result or a DecodeError", () => {
  fc.assert(
    fc.property(batches, fc.nat(), fc.nat(255), fc.nat(), (sent, where, value, cut) => {
      const bytes = Buffer.from(encodeWriteRequest(sent));
      failure(bytes.subarray(0, cut % (bytes.length + 1)));
      if (bytes.length > 0) bytes[where % bytes.length] = value;
      failure(bytes);
    }),
    { numRuns: 500 },
  );
});
