import type { IoDeviceStats } from "../../core/kernel/cgroup/stats.ts";
import { ofLast } from "../../core/kernel/once.ts";
import type { ContainerView, HostText, ProcFile } from "./types.ts";

//  254       0 vda 16229 6802 2455594 9526 1813 13300 927832 2115 0 3056 11946 3878 83 63728 303 5 0
//
// Documentation/admin-guide/iostats.rst: major, minor, name, and of reads and writes each number, merged,
// sectors and milliseconds; in flight, busy and weighted milliseconds; discards as reads; flushes.

export const diskstats: ProcFile = {
  path: "diskstats",
  describes: "operations and sectors of the disks the container used; what its cgroup does not count is 0",
  needs: ["io"],
  without: "empty",
  fields: [
    { field: "major, minor, name", from: "the host's disks that the cgroup names with a figure above 0" },
    {
      field: "reads, writes",
      from: {
        v1: "blkio.throttle.io_serviced_recursive or blkio.bfq.…, the larger",
        v2: "io.stat rios, wios",
      },
    },
    {
      field: "sectors read, written",
      from: {
        v1: "blkio.throttle.io_service_bytes_recursive or blkio.bfq.…, the larger",
        v2: "io.stat rbytes, wbytes",
      },
    },
    { field: "discards, sectors discarded", from: { v1: "the same files", v2: "io.stat dios, dbytes" } },
    { field: "merged, times, in flight, flushes", from: "0: not kept by cgroup" },
  ],
  render,
};

const SECTOR_BYTES = 512;

interface HostDisk {
  readonly id: string;
  /** Its first three columns. */
  readonly head: string;
}

const parseHost = ofLast((text: string): readonly HostDisk[] =>
  [...text.matchAll(/^( *(\d+) +(\d+) +\S+) /gm)].map(([, head = "", major, minor]) => ({
    id: `${major}:${minor}`,
    head,
  })),
);

function render(view: ContainerView, host: HostText): string {
  const used = new Map((view.io ?? []).filter(isUsed).map((disk) => [`${disk.major}:${disk.minor}`, disk]));
  return parseHost(host.text("diskstats"))
    .map((disk) => renderDisk(disk, used))
    .join("");
}

/** cgroup v1 has a line for every disk of the host. */
export function isUsed({
  reads,
  writes,
  discards,
  readBytes,
  writeBytes,
  discardBytes,
}: IoDeviceStats): boolean {
  return reads + writes + discards + readBytes + writeBytes + discardBytes > 0;
}

/** In the host's order and columns, "" for a disk that was not used. */
function renderDisk({ id, head }: HostDisk, used: ReadonlyMap<string, IoDeviceStats>): string {
  const disk = used.get(id);
  if (disk === undefined) return "";
  const reads = `${disk.reads} 0 ${sectors(disk.readBytes)} 0`;
  const writes = `${disk.writes} 0 ${sectors(disk.writeBytes)} 0`;
  const discards = `${disk.discards} 0 ${sectors(disk.discardBytes)} 0`;
  return `${head} ${reads} ${writes} 0 0 0 ${discards} 0 0\n`;
}

function sectors(bytes: number): number {
  return Math.floor(bytes / SECTOR_BYTES);
}
