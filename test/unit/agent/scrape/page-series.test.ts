import { expect, test } from "vitest";
import { Distinct, OwnPages } from "../../../../agent/scrape/page-series.ts";
import { IDENTITY } from "../../../support/source-context.ts";

test("samples of now; labels that are the machine's get out of the way, as they are at the time", () => {
  const pages = new OwnPages();
  pages.begin(["a"], {});
  expect(pages.read("a", 'm{type="x"} 1\n', 5)).toEqual([
    { name: "m", kind: "unknown", help: "", labels: { type: "x" }, samples: [{ timestampMs: 5, value: 1 }] },
  ]);
  pages.begin(["a"], IDENTITY);

  expect(pages.read("a", 'm{type="x"} 1\n', 5)[0]?.labels).toEqual({ exported_type: "x" });
});

test("times of its own are refused", () => {
  expect(() => new OwnPages().read("a", "m 1 1000\n", 5)).toThrow("m has a time of its own");
});

test("what one page has no other may have", () => {
  const pages = new OwnPages();
  const distinct = new Distinct();
  distinct.add(pages.read("a", 'm{a="1",b="2"} 1\n', 5));
  distinct.add(pages.read("b", 'm{a="1"} 1\n', 5));

  expect(() => distinct.add(pages.read("c", 'm{b="2",a="1"} 1\n', 5))).toThrow("another page has m");
});
