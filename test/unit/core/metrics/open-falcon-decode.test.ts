import { expect, test } from "vitest";
import { parseFalconValues } from "../../../../core/metrics/open-falcon-decode.ts";

const NOW_MS = 1_700_000_000_000;
const good = {
  ...{ endpoint: "10.0.0.7", metric: "cpu.idle", value: 97.5, step: 60 },
  ...{ counterType: "GAUGE", tags: "", timestamp: 1_699_999_990 },
};
const parse = (...values: readonly unknown[]) => parseFalconValues(JSON.stringify(values), NOW_MS);

test("a metric with its tags is a series of the endpoint", () => {
  const { series, rejected } = parse(good, {
    ...{ ...good, metric: "net.if.in.bytes", value: "12", counterType: "COUNTER" },
    ...{ tags: "iface=eth0, module=a=b", timestamp: 0 },
  });
  expect(series).toEqual([
    {
      ...{ name: "cpu_idle", kind: "gauge", help: "", labels: { instance: "10.0.0.7" } },
      samples: [{ timestampMs: 1_699_999_990_000, value: 97.5 }],
    },
    {
      ...{ name: "net_if_in_bytes", kind: "counter", help: "" },
      labels: { instance: "10.0.0.7", iface: "eth0", module: "a=b" },
      samples: [{ timestampMs: NOW_MS, value: 12 }],
    },
  ]);
  expect(rejected).toBeUndefined();
});

test.for([
  ["null", null],
  ["a value without a metric", { ...good, metric: "" }],
  ["cpu.idle: no endpoint", { ...good, endpoint: "" }],
  ['cpu.idle: counterType "ABS"', { ...good, counterType: "ABS" }],
  ["cpu.idle: step 0", { ...good, step: 0 }],
  ['cpu.idle: value "many"', { ...good, value: "many" }],
  ['cpu.idle: value ""', { ...good, value: "" }],
  ['cpu.idle: tags "eth0"', { ...good, tags: "eth0" }],
  ["cpu.idle: more than 510 bytes of name and tags", { ...good, tags: `a=${"x".repeat(510)}` }],
] as const)("rejected: %s", ([reason, value]) => {
  const { series, rejected } = parse(value, good);
  expect(rejected).toEqual({ samples: 1, reason });
  expect(series).toHaveLength(1);
});

test("what is no array is refused", () => {
  expect(() => parseFalconValues("{}", NOW_MS)).toThrow("not a JSON array");
  expect(() => parseFalconValues("hello", NOW_MS)).toThrow("not JSON");
});
