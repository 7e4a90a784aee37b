import { expect, test } from "vitest";
import { rememberProblems } from "../../../../collector/status/last-problem.ts";
import { recordLog } from "../../../support/record-log.ts";

test("the last warning or error is remembered, and everything is logged as before", () => {
  const inner = recordLog();
  let nowMs = 5;
  const { log, last } = rememberProblems(inner, { nowMs: () => nowMs });
  log.info({}, "ready");
  expect(last()).toBeUndefined();
  log.error({ err: new Error("no room") }, "cannot be written");
  nowMs = 6;
  log.warn({ sink: "s", n: 2 }, "sink refuses samples");
  log.debug({}, "x");
  log.trace({}, "y");
  expect(last()).toEqual({ atMs: 6, text: "sink refuses samples: sink=s, n=2" });
  expect(inner.lines.map(({ message }) => message)).toEqual([
    "ready",
    "cannot be written",
    "sink refuses samples",
    "x",
    "y",
  ]);
});
