import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../../../collector/store/database.ts";
import { openTimeline } from "../../../../collector/store/events.ts";
import { GroupCommit } from "../../../../collector/store/group-commit.ts";
import { recordLog } from "../../../support/record-log.ts";

test("the latest events of one machine in a range, oldest first", async () => {
  const database = openMemoryDatabase();
  const timeline = openTimeline(database, new GroupCommit(database, 0), recordLog());
  for (const atMs of [10, 20, 30, 30, 40]) {
    await timeline.add({ ip: "10.0.0.7", atMs, kind: `at ${atMs}`, detail: { why: "x" } });
  }
  await timeline.add({ ip: "10.0.0.8", atMs: 30, kind: "other", detail: {} });
  const list = (fromMs: number, toMs: number, limit: number) =>
    timeline.list("10.0.0.7", { fromMs, toMs, limit }).map(({ atMs }) => atMs);
  expect(list(0, 100, 100)).toEqual([10, 20, 30, 30, 40]);
  expect(list(20, 30, 100)).toEqual([20, 30, 30]);
  expect(list(0, 100, 2)).toEqual([30, 40]);
  expect(timeline.list("10.0.0.7", { fromMs: 10, toMs: 10, limit: 1 })).toEqual([
    { ip: "10.0.0.7", atMs: 10, kind: "at 10", detail: { why: "x" } },
  ]);
});
