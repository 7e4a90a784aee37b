import { expect, test } from "vitest";
import { Announcements } from "../../../../collector/lifecycle/announcements.ts";
import { openTestData } from "../../../support/collector-data.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

test("what is announced is planned until its time is over, also for the next process", async () => {
  const clock = new ManualClock();
  const { timeline, close } = await openTestData(clock);
  const announcements = new Announcements(timeline, clock);
  const untilMs = clock.nowMs() + 60_000;
  await announcements.announce("10.0.0.7", { change: "rebuild", untilMs, reason: "release 7" });
  const later = new Announcements(timeline, clock);
  later.recall(["10.0.0.7", "10.0.0.8"]);
  for (const one of [announcements, later]) {
    expect([one.isPlanned("10.0.0.7"), one.isPlanned("10.0.0.8")]).toEqual([true, false]);
  }
  await clock.advance(60_000);
  expect([announcements.isPlanned("10.0.0.7"), later.isPlanned("10.0.0.7")]).toEqual([false, false]);
  expect(timeline.list("10.0.0.7", { fromMs: 0, toMs: 1e15, limit: 9 })).toMatchObject([
    { kind: "announced", detail: { change: "rebuild", reason: "release 7" } },
  ]);
  await close();
});
