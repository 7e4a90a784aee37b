import type { HostRoot } from "../host-root.ts";
import { type Line, malformed, parseFields, parseLines, parseUnsigned } from "../lines.ts";
import { readKernelText } from "../text.ts";

/*
 * Inter-|   Receive                                                |  Transmit
 *  face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
 *   eth0: 263572994    7200    0    0    0     0          0         0   579961    4410    0    0    0     0       0          0
 *
 * Documentation/filesystems/proc.rst, "net/dev"; what each counts: Documentation/networking/statistics.rst.
 */

export interface NetDevice {
  readonly device: string;
  readonly receiveBytes: number;
  readonly receivePackets: number;
  readonly receiveErrors: number;
  readonly receiveDropped: number;
  readonly receiveFifo: number;
  readonly receiveFrame: number;
  readonly receiveCompressed: number;
  readonly receiveMulticast: number;
  readonly transmitBytes: number;
  readonly transmitPackets: number;
  readonly transmitErrors: number;
  readonly transmitDropped: number;
  readonly transmitFifo: number;
  readonly transmitCollisions: number;
  readonly transmitCarrier: number;
  readonly transmitCompressed: number;
}

const HEADER_LINES = 2;

export function parseNetDev(text: string, path = "net/dev"): readonly NetDevice[] {
  return parseLines(text, path).slice(HEADER_LINES).map(parseDevice);
}

/** The devices of the reader's own network namespace. */
export function readNetDev(root: HostRoot): readonly NetDevice[] | undefined {
  const path = root.proc("net/dev");
  const text = readKernelText(path);
  return text === undefined ? undefined : parseNetDev(text, path);
}

function parseDevice(line: Line): NetDevice {
  // An alias' name has a colon of its own (eth0:1), and a long number leaves no blank after the colon.
  const colon = line.text.lastIndexOf(":");
  const device = line.text.slice(0, Math.max(colon, 0)).trim();
  if (device === "") malformed(line);
  const fields = parseFields(line.text.slice(colon + 1));
  const at = (index: number): number => parseUnsigned(fields[index], line);
  return {
    device,
    receiveBytes: at(0),
    receivePackets: at(1),
    receiveErrors: at(2),
    receiveDropped: at(3),
    receiveFifo: at(4),
    receiveFrame: at(5),
    receiveCompressed: at(6),
    receiveMulticast: at(7),
    transmitBytes: at(8),
    transmitPackets: at(9),
    transmitErrors: at(10),
    transmitDropped: at(11),
    transmitFifo: at(12),
    transmitCollisions: at(13),
    transmitCarrier: at(14),
    transmitCompressed: at(15),
  };
}
