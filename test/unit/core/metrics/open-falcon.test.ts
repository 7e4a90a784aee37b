import { expect, test } from "vitest";
import { parseFalconInvalid, renderFalconValues } from "../../../../core/metrics/open-falcon.ts";

test("one object per line; what the transfer would call invalid is left out", () => {
  const value = { metric: "load.1min", value: 0.25, counterType: "GAUGE" as const, tags: "" };
  const long = { ...value, metric: "m".repeat(400), tags: `mount=${"x".repeat(105)}` };
  const values = [
    value,
    { ...value, value: Number.NaN },
    long,
    { ...value, counterType: "COUNTER" as const, tags: "a=b" },
  ];
  const { text, samples } = renderFalconValues(values, {
    endpoint: "10.0.0.7",
    stepSeconds: 10,
    timestampMs: 1_700_000_000_900,
  });

  const common = {
    endpoint: "10.0.0.7",
    metric: "load.1min",
    value: 0.25,
    step: 10,
    timestamp: 1_700_000_000,
  };
  expect(
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { ...common, counterType: "GAUGE", tags: "" },
    { ...common, counterType: "COUNTER", tags: "a=b" },
  ]);
  expect(samples).toBe(2);
});

test.for<[string, number]>([
  ['{"msg":"success","data":{"Message":"ok","Total":2,"Invalid":1,"Latency":0}}', 1],
  ['{"Invalid":2}', 2],
  ["success", 0],
  ["null", 0],
  ['{"data":{"Invalid":"x"}}', 0],
])("%s has %i invalid", ([body, invalid]) => {
  expect(parseFalconInvalid(body)).toBe(invalid);
});
