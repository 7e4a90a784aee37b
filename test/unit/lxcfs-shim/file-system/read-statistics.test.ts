import { expect, test } from "vitest";
import { ReadStatistics } from "../../../../lxcfs-shim/file-system/read-statistics.ts";

test("reads are counted by file and outcome, in memory that another thread looks into", () => {
  const counting = new ReadStatistics(["proc/meminfo", "proc/stat"]);
  const looking = new ReadStatistics(["proc/meminfo", "proc/stat"], counting.memory);
  counting.count("proc/stat", "rendered", 100);
  counting.count("proc/stat", "kept", 1);
  counting.count("proc/stat", "failed", 1);
  counting.count("proc/unknown", "kept", 1);

  expect(looking.read()).toEqual({
    containers: 0,
    files: { "proc/stat": { reads: 3, kept: 1, errors: 1, p50Us: 1, p99Us: 107.63 } },
  });
});

test("quantiles are right to a quarter of an octave, from nothing to seconds", () => {
  for (const us of [0.25, 3, 77, 1234, 900_000]) {
    const statistics = new ReadStatistics(["f"]);
    for (let read = 0; read < 100; read += 1) statistics.count("f", "kept", us);
    const { p50Us = 0 } = statistics.read().files.f ?? {};

    expect(p50Us / us).toBeGreaterThanOrEqual(0.99);
    expect(p50Us / us).toBeLessThan(1.2);
  }
  const statistics = new ReadStatistics(["f"]);
  for (const us of [0, 1e12]) statistics.count("f", "kept", us);
  expect(statistics.read().files.f?.reads).toBe(2);
});

test("containers are those of the last minute or two", () => {
  const statistics = new ReadStatistics([]);
  statistics.see("a", 0);
  statistics.see("a", 1);
  statistics.see("b", 2);
  expect(statistics.read().containers).toBe(2);
  statistics.see("c", 60_000);
  expect(statistics.read().containers).toBe(3);
  statistics.see("a", 60_001);
  expect(statistics.read().containers).toBe(3);
  statistics.see("c", 120_000);
  expect(statistics.read().containers).toBe(2);
});
