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

test("a thread was busy for as long as it ran or waited for a CPU, the first two figures, in nanoseconds", () => {
  expect(clockOf("894024000 252000 7\n").busyMs()).toBe(894.276);
});

test.for([undefined, "", "x\n"])("%j says nothing", (text) => {
  expect(clockOf(text).busyMs()).toBeUndefined();
});

test("a thread that works is busy, and one that sleeps is not", () => {
  const clock = openThreadClock();
  const work = clock.nowMs();
  const before = clock.busyMs() ?? Number.NaN;
  while ((clock.busyMs() ?? Number.NaN) - before < 20);
  expect(clock.nowMs()).toBeGreaterThan(work);

  const idleMs = (): number => clock.nowMs() - (clock.busyMs() ?? Number.NaN);
  const idle = idleMs();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  expect(idleMs() - idle).toBeGreaterThan(400);
});
