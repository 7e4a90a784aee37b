import { parseNetTcp } from "../../core/kernel/proc/net-tcp.ts";
import { gauge, point } from "../metric.ts";
import { defineSource, readIfThere, type SourceKind } from "../source-kind.ts";

const QUEUES = gauge(
  "node_udp_queues",
  "Number of allocated memory in the kernel for UDP datagrams in bytes.",
);

export const udpQueues: SourceKind = defineSource({
  name: "udp_queues",
  describes: "bytes that wait in UDP sockets",
  open:
    () =>
    async ({ nowMs, read }) => {
      const points = [["v4", "/proc/net/udp"] as const, ["v6", "/proc/net/udp6"] as const].map(
        async ([ip, path]) => {
          const text = await readIfThere(read, path);
          if (text === undefined) return [];
          const { transmitQueueBytes, receiveQueueBytes } = parseNetTcp(text, path);
          return [
            point(QUEUES, { ip, queue: "tx" }, transmitQueueBytes, nowMs),
            point(QUEUES, { ip, queue: "rx" }, receiveQueueBytes, nowMs),
          ];
        },
      );
      return (await Promise.all(points)).flat();
    },
});
