import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Shapes } from "../../../collector/shapes.ts";
import { Cleanup } from "../../support/cleanup.ts";
import { openTestData } from "../../support/collector-data.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { gauge } from "../../support/push.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
const clock = new ManualClock();
const ALL = { fromMs: 0, toMs: 1e15 };

test("what is in a directory is there again; only one may have it", async () => {
  const directory = join(cleanup.temporaryFolder(), "data");
  const data = await openTestData(clock, directory);
  const sighting = data.inventory.observe("10.0.0.7", undefined);
  if (sighting === undefined || "late" in sighting) throw new Error("a machine");
  const { points } = new Shapes().read({
    machine: "10.0.0.7",
    series: [gauge("a", {}, 5, clock.nowMs())],
  });
  await data.archive?.append(sighting.history.id, points);
  await expect(openTestData(clock, directory)).rejects.toThrow("another process has it");
  await data.close();

  const again = await openTestData(clock, directory);
  const [series] = again.archive?.series(1) ?? [];
  expect(again.inventory.current("10.0.0.7")?.id).toBe(1);
  expect([...again.inventory.everyHistory()]).toEqual([1]);
  expect(again.archive?.read(1, [series?.id ?? 0], ALL).get(1)?.values).toEqual([5]);
  await again.close();
});

test("each sink has a folder of its own, whatever its URL", async () => {
  const directory = cleanup.temporaryFolder();
  const data = await openTestData(clock, directory);
  const [one, other] = ["remote-write+http://h/a?b=1", "remote-write+http://h/a/b=1"].map((sink) =>
    data.spoolDirectory(sink, 0),
  );
  expect(one).toMatch(/\/spool\/remote-write-http-h-a-b-1-[0-9a-f]{8}$/);
  expect(other).not.toBe(one);
  expect(data.spoolDirectory("a", 1)).toBe(`${data.spoolDirectory("a", 0)}-1`);
  await data.close();
});

test("none: an inventory in memory, no history, nothing on disk", async () => {
  const data = await openTestData(clock);
  expect(data.archive).toBeUndefined();
  expect(data.spoolDirectory("a", 0)).toBeUndefined();
  expect(data.inventory.observe("10.0.0.7", undefined)).toMatchObject({ isNew: true });
  await data.close();
  expect(existsSync("none")).toBe(false);
});

test("a directory that cannot be used is said", async () => {
  const file = join(cleanup.temporaryFolder(), "file");
  writeFileSync(file, "");
  await expect(openTestData(clock, join(file, "data"))).rejects.toThrow(`history ${file}/data/history.db`);
});
