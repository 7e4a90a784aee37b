import { expect, test } from "vitest";
import { OncePerCause } from "../../../../lxcfs-shim/session/once-per-cause.ts";
import { recordLog } from "../../../support/record-log.ts";

test("a cause is told the first, tenth, hundredth time", () => {
  const log = recordLog();
  const failures = new OncePerCause(log);
  for (let time = 0; time < 250; time++) failures.report("a", { kind: "read" }, "operation failed");

  expect(log.lines.map(({ fields }) => fields.count)).toEqual([1, 10, 100]);
  expect(log.lines[0]).toEqual({
    level: "error",
    fields: { kind: "read", count: 1 },
    message: "operation failed",
  });
});

test("causes beyond the bound share one count", () => {
  const log = recordLog();
  const failures = new OncePerCause(log);
  for (let cause = 0; cause < 1200; cause++) failures.report(`cause ${cause}`, {}, "operation failed");

  expect(log.lines).toHaveLength(200 + 4); // the 1st, 10th, 100th and 1000th of the rest
});
