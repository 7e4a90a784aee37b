import { type DiskStats, parseDiskstats } from "../../core/kernel/proc/diskstats.ts";
import type { Series } from "../../core/metrics/series.ts";
import { counter, gauge, type Metric, point } from "../metric.ts";
import { defineSource, filters, isWanted, type SourceKind } from "../source-kind.ts";

const SECTOR_BYTES = 512;

const INFO = gauge("node_disk_info", "1, with what is known of the disk.");

/** RAM disks, loop devices and partitions, as node_exporter leaves them out. */
const EXCLUDED = /^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/;

/** What a kernel does not count is undefined and gives no series. */
const COLUMNS: readonly (readonly [Metric, (disk: DiskStats) => number | undefined])[] = [
  [counter("node_disk_reads_completed_total", "Reads completed."), (disk) => disk.reads],
  [counter("node_disk_reads_merged_total", "Reads merged."), (disk) => disk.readsMerged],
  [counter("node_disk_read_bytes_total", "Bytes read."), (disk) => disk.readBytes],
  [counter("node_disk_read_time_seconds_total", "Seconds spent by all reads."), (disk) => disk.readSeconds],
  [counter("node_disk_writes_completed_total", "Writes completed."), (disk) => disk.writes],
  [counter("node_disk_writes_merged_total", "Writes merged."), (disk) => disk.writesMerged],
  [counter("node_disk_written_bytes_total", "Bytes written."), (disk) => disk.writeBytes],
  [
    counter("node_disk_write_time_seconds_total", "Seconds spent by all writes."),
    (disk) => disk.writeSeconds,
  ],
  [gauge("node_disk_io_now", "Requests in flight."), (disk) => disk.inFlight],
  [counter("node_disk_io_time_seconds_total", "Seconds with requests in flight."), (disk) => disk.ioSeconds],
  [
    counter("node_disk_io_time_weighted_seconds_total", "Seconds weighted by the requests in flight."),
    (disk) => disk.weightedIoSeconds,
  ],
  [counter("node_disk_discards_completed_total", "Discards completed."), (disk) => disk.discards],
  [counter("node_disk_discards_merged_total", "Discards merged."), (disk) => disk.discardsMerged],
  [
    counter("node_disk_discarded_sectors_total", "Sectors of 512 bytes discarded."),
    (disk) => (disk.discardBytes === undefined ? undefined : disk.discardBytes / SECTOR_BYTES),
  ],
  [
    counter("node_disk_discard_time_seconds_total", "Seconds spent by all discards."),
    (disk) => disk.discardSeconds,
  ],
  [counter("node_disk_flush_requests_total", "Flush requests completed."), (disk) => disk.flushes],
  [
    counter("node_disk_flush_requests_time_seconds_total", "Seconds spent by all flush requests."),
    (disk) => disk.flushSeconds,
  ],
];

export const diskstats: SourceKind = defineSource({
  name: "diskstats",
  describes: "reads, writes, discards and flushes of each disk",
  options: filters("disks", EXCLUDED),
  open:
    (wanted) =>
    async ({ nowMs, read }) => {
      const disks = parseDiskstats(await read("/proc/diskstats"), "/proc/diskstats");
      return disks
        .filter(({ device }) => isWanted(device, wanted))
        .flatMap((row) => [infoOf(row, nowMs), ...pointsOf(row, nowMs)]);
    },
});

function pointsOf(disk: DiskStats, nowMs: number): Series[] {
  const labels = { device: disk.device };
  return COLUMNS.flatMap(([metric, read]) => {
    const value = read(disk);
    return value === undefined ? [] : [point(metric, labels, value, nowMs)];
  });
}

/** Model, serial number and the like are in udev's database, which a container does not have. */
function infoOf({ device, major, minor }: DiskStats, nowMs: number): Series {
  return point(INFO, { device, major: String(major), minor: String(minor) }, 1, nowMs);
}
