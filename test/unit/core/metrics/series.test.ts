import { expect, test } from "vitest";
import { type Family, familyName, findFamily, staleSample } from "../../../../core/metrics/series.ts";

test("a family's name", () => {
  expect(familyName("http_seconds_bucket", "histogram")).toBe("http_seconds");
  expect(familyName("http_seconds_count", "summary")).toBe("http_seconds");
  expect(familyName("http_seconds", "summary")).toBe("http_seconds");
  expect(familyName("io_sum", "counter")).toBe("io_sum");
});

test("a series finds its family by its exact name first", () => {
  const families = new Map<string, Family>(
    [
      { name: "a", kind: "histogram", help: "" } as const,
      { name: "a_count", kind: "gauge", help: "" } as const,
      { name: "b", kind: "summary", help: "" } as const,
      { name: "c", kind: "gauge", help: "" } as const,
    ].map((family) => [family.name, family]),
  );
  const f = (name: string): string | undefined => findFamily(families, name)?.name;
  expect(["a_count", "a_bucket", "b_sum", "b_bucket", "c_sum"].map(f)).toEqual([
    "a_count",
    "a",
    "b",
    undefined,
    undefined,
  ]);
});

test("a staleness marker is NaN to whoever does not know it", () => {
  expect(staleSample(5)).toEqual({ timestampMs: 5, value: Number.NaN, stale: true });
});
