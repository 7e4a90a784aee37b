import { expect, test } from "vitest";
import { gauge, point } from "../../../agent/metric.ts";
import { sampleCount, sinkName } from "../../../agent/sink-names.ts";

test("a name has no secret in it; one that is given is taken", () => {
  const url = new URL("https://u:p@host:1/write?db=x&token=y");

  expect(sinkName("influx", url, {})).toBe("influx+https://host:1/write");
  expect(sinkName("influx", url, { name: "x" })).toBe("x");
});

test("samples are counted, not series", () => {
  const one = point(gauge("m", ""), {}, 1, 0);

  expect(
    sampleCount({ identity: {}, series: [one, { ...one, samples: [...one.samples, ...one.samples] }] }),
  ).toBe(3);
});
