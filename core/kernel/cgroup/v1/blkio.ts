import { type Line, malformed, parseFields, parseLines, parseUnsigned } from "../../lines.ts";
import type { IoDeviceStats } from "../stats.ts";
import { readAttribute } from "../values.ts";

/*
 * 8:0 Read 4096
 * 8:0 Write 8192
 * 8:0 Sync 12288
 * 8:0 Async 0
 * 8:0 Discard 0
 * 8:0 Total 12288
 * Total 12288
 *
 * Documentation/admin-guide/cgroup-v1/blkio-controller.rst, block/bfq-cgroup.c. Two policies count, in files of one
 * form: throttling, on newer kernels only for disks with a limit; and the scheduler BFQ, for the disks it has.
 * `_recursive` ones, which count the cgroups below too, since Linux 4.11.
 */

/** Device `8:0` → Read, Write, Discard. */
type PerDevice = ReadonlyMap<string, Readonly<Record<Direction, number>>>;
type Direction = "Read" | "Write" | "Discard";

const NOTHING: Readonly<Record<Direction, number>> = { Read: 0, Write: 0, Discard: 0 };

export function readBlkio(directory: string): readonly IoDeviceStats[] | undefined {
  const bytes = readCounts(directory, "io_service_bytes");
  const operations = readCounts(directory, "io_serviced");
  return bytes === undefined || operations === undefined ? undefined : joinDevices(bytes, operations);
}

export function parseThrottle(text: string, path: string): PerDevice {
  const devices = new Map<string, Record<Direction, number>>();
  for (const line of parseLines(text, path)) {
    const [device = "", kind = "", value] = parseFields(line.text);
    if (device === "Total") continue;
    const counts = devices.get(device) ?? newDevice(device, line);
    const count = parseUnsigned(value, line);
    if (isDirection(kind)) counts[kind] = count;
    devices.set(device, counts);
  }
  return devices;
}

/** The two files need not name the same devices: they are read one after the other. */
function joinDevices(bytes: PerDevice, operations: PerDevice): readonly IoDeviceStats[] {
  return [...new Set([...bytes.keys(), ...operations.keys()])].map((device) => {
    const colon = device.indexOf(":");
    const moved = bytes.get(device) ?? NOTHING;
    const done = operations.get(device) ?? NOTHING;
    return {
      major: Number(device.slice(0, colon)),
      minor: Number(device.slice(colon + 1)),
      readBytes: moved.Read,
      writeBytes: moved.Write,
      discardBytes: moved.Discard,
      reads: done.Read,
      writes: done.Write,
      discards: done.Discard,
    };
  });
}

function readCounts(directory: string, name: string): PerDevice | undefined {
  const throttle = readPolicy(directory, `throttle.${name}`);
  const bfq = readPolicy(directory, `bfq.${name}`);
  return throttle === undefined || bfq === undefined ? (throttle ?? bfq) : larger(throttle, bfq);
}

/** One counts from when a limit was set, the other from the cgroup's beginning: the larger count is nearer, and never falls. */
function larger(a: PerDevice, b: PerDevice): PerDevice {
  const counts = (device: string) => {
    const [x, y] = [a.get(device) ?? NOTHING, b.get(device) ?? NOTHING];
    return {
      Read: Math.max(x.Read, y.Read),
      Write: Math.max(x.Write, y.Write),
      Discard: Math.max(x.Discard, y.Discard),
    };
  };
  return new Map([...a.keys(), ...b.keys()].map((device) => [device, counts(device)]));
}

function readPolicy(directory: string, file: string): PerDevice | undefined {
  return (
    readAttribute(directory, `blkio.${file}_recursive`, parseThrottle) ??
    readAttribute(directory, `blkio.${file}`, parseThrottle)
  );
}

function newDevice(device: string, line: Line): Record<Direction, number> {
  return /^\d+:\d+$/.test(device) ? { ...NOTHING } : malformed(line);
}

function isDirection(kind: string): kind is Direction {
  return Object.hasOwn(NOTHING, kind);
}
