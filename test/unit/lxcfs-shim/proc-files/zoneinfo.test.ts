import { expect, test } from "vitest";
import { zoneinfo } from "../../../../lxcfs-shim/proc-files/zoneinfo.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const MIB = 2 ** 20;
const host = hostText({
  meminfo: "MemFree: 4194300 kB\nMemAvailable: 6291456 kB\n",
  vmstat: "nr_free_pages 1048576\n",
  zoneinfo: "Node 0, zone      DMA\n",
});

test("one zone of the container's size, with what is free in it", () => {
  const detail = { activeAnonBytes: 8192, inactiveFileBytes: 4096 };
  const memory = { totalBytes: 512 * MIB, usageBytes: 100 * MIB, roomBytes: 412 * MIB, detail };
  const text = zoneinfo.render(viewOf({ memory }), host);

  expect(text).toMatch(/^Node 0, zone {3}Normal\n {2}per-node stats\n {6}nr_active_anon 2\n/);
  expect(text).toContain("  pages free     105472\n");
  expect(text).toContain("        managed  131072\n");
  expect(text).toContain("      nr_zone_active_anon 2\n");
  expect(text.match(/zone {3}/g)).toHaveLength(1);
  expect(zoneinfo.render(viewOf({ memory, pageBytes: 65_536 }), host)).toContain("        managed  8192\n");
});

test("without a memory cgroup the file is the host's", () => {
  expect(zoneinfo.render(viewOf({}), host)).toBe("Node 0, zone      DMA\n");
});
