import { expect, test } from "vitest";
import { BatchShapes, commonTimestampMs } from "../../../agent/batch-shapes.ts";
import { gauge, point } from "../../../agent/metric.ts";
import type { Batch } from "../../../core/metrics/series.ts";

const IDENTITY = { instance: "10.0.0.7" };

function batchOf(cpus: readonly string[], value = 0, help = "Help."): Batch {
  const series = cpus.map((cpu) => point(gauge("node_cpu", help), { cpu }, value, 1000));
  return { identity: IDENTITY, series };
}

function openCounting(hasMetadata: boolean): { shapes: BatchShapes<string>; made: string[] } {
  const made: string[] = [];
  const shapes = new BatchShapes(hasMetadata, ({ series }) => {
    made.push(series.map(({ labels }) => labels.cpu).join());
    return made.at(-1) ?? "";
  });
  return { shapes, made };
}

test("a batch of the same series is of the same shape, whatever its values are", () => {
  const { shapes, made } = openCounting(false);

  expect([0, 1, 2].map((value) => shapes.get(batchOf(["0", "1"], value)))).toEqual(Array(3).fill("0,1"));
  shapes.get({ ...batchOf(["0", "1"]), identity: { instance: "10.0.0.8" } });
  expect(made).toHaveLength(2);
});

test("the last four shapes are kept", () => {
  const { shapes, made } = openCounting(false);
  for (const cpu of ["0", "1", "2", "3", "0", "4", "0", "2"]) shapes.get(batchOf([cpu]));
  expect(made).toEqual(["0", "1", "2", "3", "4"]);
  shapes.get(batchOf(["1"]));

  expect(made).toEqual(["0", "1", "2", "3", "4", "1"]);
});

test("help texts make a difference where they go into it", () => {
  for (const hasMetadata of [true, false]) {
    const { shapes, made } = openCounting(hasMetadata);
    for (const help of ["one", "another", "one"]) shapes.get(batchOf(["0"], 0, help));
    expect(made).toHaveLength(hasMetadata ? 2 : 1);
  }
});

test("a batch has one time when each series has one sample of it", () => {
  const { identity, series } = batchOf(["0", "1"]);
  const [first] = batchOf(["2"]).series;
  const later = {
    ...first,
    name: "x",
    samples: [{ timestampMs: 2000, value: 0 }],
  } as Batch["series"][number];

  expect(commonTimestampMs({ identity, series })).toBe(1000);
  expect(commonTimestampMs({ identity, series: [...series, later] })).toBeUndefined();
  expect(commonTimestampMs({ identity, series: [] })).toBeUndefined();
});
