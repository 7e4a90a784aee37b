import { expect, test } from "vitest";
import { counter, gauge, point } from "../../../agent/metric.ts";

test("a point is one series with one sample", () => {
  expect(point(counter("a_total", "All."), { device: "eth0" }, 3, 7)).toEqual({
    name: "a_total",
    kind: "counter",
    help: "All.",
    labels: { device: "eth0" },
    samples: [{ timestampMs: 7, value: 3 }],
  });
  expect(gauge("b", "").kind).toBe("gauge");
});
