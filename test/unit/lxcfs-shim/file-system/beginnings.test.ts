import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { Beginnings } from "../../../../lxcfs-shim/file-system/beginnings.ts";
import { kernelFiles } from "../../../support/check-context.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

test("a container has begun for two seconds, whatever its host has slept through", async () => {
  const folder = kernelFiles(cleanup, { "proc/uptime": "1000.00 1.00\n" });
  const clock = new ManualClock();
  const beginnings = new Beginnings(openHostRoot(folder), clock);
  const isYoung = (startSeconds: number): boolean => beginnings.has({ startTicks: startSeconds * 100 });

  expect([isYoung(999), isYoung(997.9)]).toEqual([true, false]);
  // The host was suspended for an hour, of which our clock knows nothing.
  writeFileSync(join(folder, "proc/uptime"), "4600.00 1.00\n");
  expect([isYoung(4599), isYoung(999)]).toEqual([true, false]);
});

test("where the kernel does not say how long it runs nobody is young", () => {
  const folder = kernelFiles(cleanup, { "proc/stat": "" });

  expect(new Beginnings(openHostRoot(folder), new ManualClock()).has({ startTicks: 0 })).toBe(false);
});
