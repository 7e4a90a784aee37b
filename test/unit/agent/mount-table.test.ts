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

test("a mount that is gone for a moment is another version for who looks in that moment", async () => {
  const clock = new ManualClock();
  const mounts = "22 1 0:20 / /proc rw - proc proc rw\n90 22 0:41 /meminfo /proc/meminfo rw - fuse shim rw\n";
  let text = mounts;
  const table = new MountTable(clock, () => text);
  const before = table.version;
  await clock.advance(1000);
  text = "22 1 0:20 / /proc rw - proc proc rw\n";
  const opened = table.versionNow;
  expect(opened).not.toBe(before);
  expect(table.version).toBe(opened);

  text = mounts;
  await clock.advance(MINUTE_MS);
  expect(table.version).not.toBe(opened);
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
