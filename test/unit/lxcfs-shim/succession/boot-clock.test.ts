import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bootClock } from "../../../../lxcfs-shim/succession/boot-clock.ts";

test("counts from the host's boot, and on", () => {
  const first = bootClock.monotonicMs();
  const uptimeMs = 1000 * Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);

  // CLOCK_MONOTONIC leaves out what uptime counts of a suspended host.
  expect(first).toBeLessThan(uptimeMs + 1000);
  expect(bootClock.monotonicMs()).toBeGreaterThanOrEqual(first);
});
