import { type NetDevice, parseNetDev } from "../../core/kernel/proc/net-dev.ts";
import { counter, type Metric, point } from "../metric.ts";
import { defineSource, filters, isWanted, NOTHING, type SourceKind } from "../source-kind.ts";

/** Metric names follow the columns of /proc/net/dev. */
const COLUMNS: readonly (readonly [Metric, (device: NetDevice) => number])[] = [
  [receive("bytes"), (device) => device.receiveBytes],
  [receive("packets"), (device) => device.receivePackets],
  [receive("errs"), (device) => device.receiveErrors],
  [receive("drop"), (device) => device.receiveDropped],
  [receive("fifo"), (device) => device.receiveFifo],
  [receive("frame"), (device) => device.receiveFrame],
  [receive("compressed"), (device) => device.receiveCompressed],
  [receive("multicast"), (device) => device.receiveMulticast],
  [transmit("bytes"), (device) => device.transmitBytes],
  [transmit("packets"), (device) => device.transmitPackets],
  [transmit("errs"), (device) => device.transmitErrors],
  [transmit("drop"), (device) => device.transmitDropped],
  [transmit("fifo"), (device) => device.transmitFifo],
  [transmit("colls"), (device) => device.transmitCollisions],
  [transmit("carrier"), (device) => device.transmitCarrier],
  [transmit("compressed"), (device) => device.transmitCompressed],
];

/** Devices of the agent's own network namespace. */
export const netdev: SourceKind = defineSource({
  name: "netdev",
  describes: "bytes, packets and errors of each network device",
  options: filters("devices", NOTHING),
  open:
    (wanted) =>
    async ({ nowMs, read }) => {
      const devices = parseNetDev(await read("/proc/net/dev"), "/proc/net/dev");
      return devices
        .filter(({ device }) => isWanted(device, wanted))
        .flatMap((row) =>
          COLUMNS.map(([metric, value]) => point(metric, { device: row.device }, value(row), nowMs)),
        );
    },
});

function receive(column: string): Metric {
  return counter(`node_network_receive_${column}_total`, `Network device statistic receive_${column}.`);
}

function transmit(column: string): Metric {
  return counter(`node_network_transmit_${column}_total`, `Network device statistic transmit_${column}.`);
}
