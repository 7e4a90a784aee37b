import { expect, test } from "vitest";
import { MountTable } from "../../../agent/mount-table.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const MINUTE_MS = 60_000;

test("the version stays as long as the mounts do, and is another within a minute", async () => {
  const clock = new ManualClock();
  let text = "22 1 0:20 / /proc rw - proc proc rw\n";
  const table = new MountTable(clock, () => text);
  const first = table.version;
  await clock.advance(MINUTE_MS);
  expect(table.version).toBe(first);

  text += "90 22 0:41 /proc/meminfo /proc/meminfo rw - fuse shim rw\n";
  expect(table.version).toBe(first);
  await clock.advance(MINUTE_MS);
  expect(table.version).not.toBe(first);
});

test("a table that cannot be read may be another each time", async () => {
  const clock = new ManualClock();
  const table = new MountTable(clock, () => {
    throw new Error("no such file");
  });
  const first = table.version;
  expect(table.version).toBe(first);
  await clock.advance(MINUTE_MS);

  expect(table.version).not.toBe(first);
});

test("this machine's mounts are what they are", async () => {
  const clock = new ManualClock();
  const table = new MountTable(clock);

  expect(table.version).toBe(table.version);
});
