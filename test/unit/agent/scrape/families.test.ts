import { expect, test } from "vitest";
import { Families } from "../../../../agent/scrape/families.ts";

function learnt(format: "text" | "openmetrics", ...lines: readonly string[]): Families {
  const families = new Families();
  for (const line of lines) families.learn(line, format);
  return families;
}

test("type and help in any order, for the series of a family", () => {
  const families = learnt(
    "text",
    "# HELP h a\\\\b\\nc",
    "# TYPE h histogram",
    "# any comment",
    "#",
    "# TYPE c counter",
  );

  expect(families.of("h_bucket")).toEqual({ name: "h", kind: "histogram", help: "a\\b\nc" });
  expect(families.of("h_created").kind).toBe("unknown");
  expect(families.of("c_total").kind).toBe("counter");
  expect(families.of("other")).toMatchObject({ kind: "unknown", help: "" });
});

test("types without a word of ours become the nearest", () => {
  const families = learnt(
    "openmetrics",
    "# TYPE a info",
    "# TYPE b stateset",
    "# TYPE c gaugehistogram",
    "# UNIT a_x x",
  );

  expect(["a", "b", "c"].map((name) => families.of(name).kind)).toEqual(["gauge", "gauge", "unknown"]);
});

test.each([
  ["text", "# TYPE a info"],
  ["openmetrics", "# TYPE a untyped"],
  ["openmetrics", "# comment"],
  ["openmetrics", "#TYPE a gauge"],
  ["openmetrics", "# UNIT a x"],
  ["text", "# HELP 1a help"],
] as const)("%s: %s is refused", (format, line) => {
  expect(() => learnt(format, line)).toThrow();
});
