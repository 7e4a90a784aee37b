import { expect, test } from "vitest";
import { parseExposition } from "../../../core/metrics/exposition-parse.ts";
import { lagSeconds, renderGauges } from "../../../provisioner/gauges.ts";

test("a family each, one without labels and one that has none yet", () => {
  const text = renderGauges("plimsoll_", [
    ["lag_seconds", "How long.", [[{ rule: "a", host: "h1" }, Number.POSITIVE_INFINITY]]],
    ["bytes", "How many.", [[{}, 7]]],
    ["none", "Of nothing.", []],
  ]);

  expect(text.split("\n")).toEqual([
    "# HELP plimsoll_lag_seconds How long.",
    "# TYPE plimsoll_lag_seconds gauge",
    'plimsoll_lag_seconds{rule="a",host="h1"} +Inf',
    ...["# HELP plimsoll_bytes How many.", "# TYPE plimsoll_bytes gauge", "plimsoll_bytes 7"],
    ...["# HELP plimsoll_none Of nothing.", "# TYPE plimsoll_none gauge", ""],
  ]);
});

test("whatever is in a label, a reader finds it there", () => {
  const host = 'a "b"\\n\nc';
  const page = renderGauges("", [["one", "One.", [[{ host }, 1]]]]);

  const { series } = parseExposition(page, { nowMs: 0, labels: {} });
  expect([...series].map(({ labels }) => labels)).toEqual([{ host }]);
});

test("since when", () => {
  expect([lagSeconds(1000, 61_500), lagSeconds(2000, 1000)]).toEqual([60.5, 0]);
  expect(lagSeconds(0, 1000)).toBe(Number.POSITIVE_INFINITY);
});
