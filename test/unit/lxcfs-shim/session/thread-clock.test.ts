import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openHostRoot } from "../../../../core/kernel/host-root.ts";
import { openThreadClock } from "../../../../lxcfs-shim/session/thread-clock.ts";
import { Cleanup } from "../../../support/cleanup.ts";

function clockOf(schedstat?: string) {
  const cleanup = new Cleanup();
  onTestFinished(() => cleanup.run());
  const folder = cleanup.temporaryFolder();
  mkdirSync(join(folder, "proc/thread-self"), { recursive: true });
  if (schedstat !== undefined) writeFileSync(join(folder, "proc/thread-self/schedstat"), schedstat);
  return openThreadClock(openHostRoot(folder));
}

test("what a thread has run is the first figure, in nanoseconds", () => {
  expect(clockOf("894024000 252605 7\n").ranMs()).toBe(894.024);
});

test.for([undefined, "", "x\n"])("%j says nothing", (text) => {
  expect(clockOf(text).ranMs()).toBeUndefined();
});

test("a thread that works runs, and one that waits does not", () => {
  const clock = openThreadClock();
  const work = clock.nowMs();
  const before = clock.ranMs() ?? Number.NaN;
  while ((clock.ranMs() ?? Number.NaN) - before < 20);
  expect(clock.nowMs()).toBeGreaterThan(work);

  const started = clock.nowMs();
  const ran = clock.ranMs() ?? Number.NaN;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  expect(clock.nowMs() - started).toBeGreaterThan(400);
  expect((clock.ranMs() ?? Number.NaN) - ran).toBeLessThan(400);
});
