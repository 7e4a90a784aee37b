import { expect, test } from "vitest";
import { diskstats } from "../../../../agent/sources/diskstats.ts";
import { openSource, sampleLines, tickIn } from "../../../support/source-context.ts";

test("whole disks only; bytes and seconds; what the kernel does not count is left out", async () => {
  const lines = sampleLines(await openSource(diskstats)(tickIn()));

  expect(lines).toContain('node_disk_read_bytes_total{device="vda"} 1257264128');
  expect(lines).toContain('node_disk_read_time_seconds_total{device="vda"} 9.526');
  expect(lines).toContain('node_disk_discarded_sectors_total{device="vda"} 63728');
  expect(lines).toContain('node_disk_flush_requests_time_seconds_total{device="vda"} 0.001');
  expect(lines).toContain('node_disk_io_now{device="sdb"} 1');
  expect(lines.filter((line) => line.includes('"vda"'))).toHaveLength(18);
  expect(lines.filter((line) => line.includes('"sdb"'))).toHaveLength(12);
  expect(lines.some((line) => line.includes('"vda1"') || line.includes('"loop0"'))).toBe(false);
});
