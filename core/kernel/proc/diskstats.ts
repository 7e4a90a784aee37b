import type { HostRoot } from "../host-root.ts";
import { type Line, malformed, parseFields, parseLines, parseUnsigned } from "../lines.ts";
import { readKernelText } from "../text.ts";

/*
 *  254       0 vda 16229 6802 2455594 9526 1813 13300 927832 2115 0 3056 11946 3878 83 63728 303 5 0
 *
 * Documentation/admin-guide/iostats.rst. 14 columns, 18 since Linux 4.18 (discard), 20 since 5.5 (flush).
 */

export interface DiskStats {
  readonly major: number;
  readonly minor: number;
  readonly device: string;
  readonly reads: number;
  readonly readsMerged: number;
  readonly readBytes: number;
  readonly readSeconds: number;
  readonly writes: number;
  readonly writesMerged: number;
  readonly writeBytes: number;
  readonly writeSeconds: number;
  readonly inFlight: number;
  /** Time with at least one request in flight. */
  readonly ioSeconds: number;
  /** Time weighted by the number of requests in flight. */
  readonly weightedIoSeconds: number;
  readonly discards?: number;
  readonly discardsMerged?: number;
  readonly discardBytes?: number;
  readonly discardSeconds?: number;
  readonly flushes?: number;
  readonly flushSeconds?: number;
}

/** Sectors are of this size here, whatever the device's own is. */
const SECTOR_BYTES = 512;

export function parseDiskstats(text: string, path = "diskstats"): readonly DiskStats[] {
  return parseLines(text, path).map(parseDisk);
}

export function readDiskstats(root: HostRoot): readonly DiskStats[] | undefined {
  const path = root.proc("diskstats");
  const text = readKernelText(path);
  return text === undefined ? undefined : parseDiskstats(text, path);
}

function parseDisk(line: Line): DiskStats {
  const fields = parseFields(line.text);
  const at = (index: number): number => parseUnsigned(fields[index], line);
  const sectors = (index: number): number => at(index) * SECTOR_BYTES;
  const milliseconds = (index: number): number => at(index) / 1000;
  return {
    major: at(0),
    minor: at(1),
    device: fields[2] ?? malformed(line),
    reads: at(3),
    readsMerged: at(4),
    readBytes: sectors(5),
    readSeconds: milliseconds(6),
    writes: at(7),
    writesMerged: at(8),
    writeBytes: sectors(9),
    writeSeconds: milliseconds(10),
    inFlight: at(11),
    ioSeconds: milliseconds(12),
    weightedIoSeconds: milliseconds(13),
    ...(fields.length > 14 && {
      discards: at(14),
      discardsMerged: at(15),
      discardBytes: sectors(16),
      discardSeconds: milliseconds(17),
    }),
    ...(fields.length > 18 && { flushes: at(18), flushSeconds: milliseconds(19) }),
  };
}
