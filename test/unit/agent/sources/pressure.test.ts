import { expect, test } from "vitest";
import { NoData } from "../../../../agent/source-kind.ts";
import { pressure } from "../../../../agent/sources/pressure.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

const lineOf = (some: string) => `some avg10=0.00 avg60=0.00 avg300=0.00 total=${some}\n`;

test("seconds lost by resource", async () => {
  const files = { "/proc/pressure/cpu": lineOf("1500000"), "/proc/pressure/io": lineOf("2") };
  const lines = sampleLines(await openSource(pressure)(tickIn(files)));

  expect(lines).toContain("node_pressure_cpu_waiting_seconds_total 1.5");
  expect(lines).toContain("node_pressure_io_waiting_seconds_total 0.000002");
  expect(lines.filter((line) => line.includes("io_stalled"))).toEqual([]);
  expect(lines.filter((line) => line.includes("memory_stalled"))).toHaveLength(1);
});

test("a kernel without it has no data; one that fails otherwise fails", async () => {
  const failing = (code: string) => ({
    read: () => Promise.reject(Object.assign(new Error(code), { code })),
  });

  await expect(openSource(pressure)(tickIn({}, failing("ENOTSUP")))).rejects.toBeInstanceOf(NoData);
  await expect(openSource(pressure)(tickIn({}, failing("EIO")))).rejects.toThrow("EIO");
});
