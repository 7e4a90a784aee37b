import { expect, test } from "vitest";
import type { MemoryView } from "../../../../lxcfs-shim/proc-files/types.ts";
import { vmstat } from "../../../../lxcfs-shim/proc-files/vmstat.ts";
import { hostText, viewOf } from "../../../support/container-view.ts";

const MIB = 2 ** 20;
const meminfo = "MemTotal: 8388608 kB\nMemFree:         4194300 kB\nMemAvailable:    6291456 kB\n";
const HOST = `nr_free_pages 1048576
nr_free_pages_blocks 1048000
nr_anon_pages 99
nr_kernel_stack 3776
numa_hit 7
pgpgin 11
pgpgout 12
pswpin 13
pswpout 14
pgfault 15
pgscan_direct 16
`;
const host = hostText({ meminfo, vmstat: HOST });

function memory(changes: Partial<MemoryView> = {}): MemoryView {
  return { totalBytes: 512 * MIB, usageBytes: 100 * MIB, roomBytes: 412 * MIB, detail: {}, ...changes };
}

test("pages, faults and traffic are the container's, what is not counted is the host's", () => {
  const detail = { anonBytes: 8192, kernelStackBytes: 2048, pgfault: 5 };
  const disk = { major: 8, minor: 0, reads: 1, writes: 1, discards: 0, discardBytes: 0 };
  const io = [{ ...disk, readBytes: 4096, writeBytes: 1023 }];

  expect(vmstat.render(viewOf({ memory: memory({ detail }), io }), host)).toBe(`nr_free_pages 105472
nr_free_pages_blocks 105472
nr_anon_pages 2
nr_kernel_stack 2
numa_hit 7
pgpgin 4
pgpgout 0
pswpin 0
pswpout 0
pgfault 5
pgscan_direct 16
`);
});

test("swapping with swap is what the kernel counts, or the host's, which is said", () => {
  const swap = { totalBytes: MIB, usedBytes: 0 };
  const uncounted = viewOf({ memory: memory({ swap }) });
  const counted = viewOf({ memory: memory({ swap, detail: { pswpin: 3, pswpout: 4 } }) });

  expect(vmstat.render(uncounted, host)).toContain("pswpin 13\npswpout 14\n");
  expect(vmstat.underived?.(uncounted)).toContain("pswpin");
  expect(vmstat.render(counted, host)).toContain("pswpin 3\npswpout 4\n");
  expect(vmstat.underived?.(counted)).not.toContain("pswpin");
});

test("without cgroups the file is the host's", () => {
  expect(vmstat.render(viewOf({}), host)).toBe(HOST);
  expect(vmstat.underived?.(viewOf({}))).toEqual([]);
});

test("pages are as large as the machine's", () => {
  const detail = { anonBytes: 131_072 };

  expect(vmstat.render(viewOf({ memory: memory({ detail }), pageBytes: 65_536 }), host)).toContain(
    "nr_free_pages 6592\nnr_free_pages_blocks 6592\nnr_anon_pages 2\n",
  );
});
