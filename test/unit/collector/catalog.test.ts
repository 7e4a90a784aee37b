import { expect, test } from "vitest";
import { Catalog } from "../../../collector/catalog.ts";

test("describes a series by its family, the parts of a histogram too", () => {
  const catalog = new Catalog();
  catalog.learn([{ name: "h", kind: "histogram", help: "H." }]);
  expect(catalog.describe("h_bucket")).toMatchObject({ kind: "histogram", help: "H." });
  expect(catalog.describe("other")).toEqual({ kind: "unknown", help: "" });
});

test("a family that is told without anything in it does not replace what is known", () => {
  const catalog = new Catalog();
  catalog.learn([{ name: "g", kind: "gauge", help: "G." }]);
  catalog.learn([{ name: "g", kind: "unknown", help: "" }]);
  expect(catalog.describe("g").kind).toBe("gauge");
});

test("is bounded; what is known can still be corrected when it is full", () => {
  const catalog = new Catalog(1);
  catalog.learn([
    { name: "a", kind: "gauge", help: "" },
    { name: "b", kind: "gauge", help: "" },
  ]);
  catalog.learn([{ name: "a", kind: "counter", help: "" }]);
  expect([catalog.describe("a").kind, catalog.describe("b").kind]).toEqual(["counter", "unknown"]);
});

test("what grows only is a counter: as its family says, else by its name", () => {
  const catalog = new Catalog();
  catalog.learn([
    { name: "told", kind: "counter", help: "" },
    { name: "odd_total", kind: "gauge", help: "" },
    { name: "took", kind: "histogram", help: "" },
  ]);
  const names = ["told", "odd_total", "took_sum", "took_bucket", "load", "bytes_total"];
  expect(names.filter((name) => catalog.isCounter(name))).toEqual([
    "told",
    "took_sum",
    "took_bucket",
    "bytes_total",
  ]);
});
