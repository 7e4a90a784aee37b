import { parseNetTcp } from "../../core/kernel/proc/net-tcp.ts";
import { gauge, point } from "../metric.ts";
import { defineSource, readIfThere, type SourceKind } from "../source-kind.ts";

const STATES = gauge("node_tcp_connection_states", "Number of connection states.");

/** TCP_* of net/tcp_states.h, in its order from 1, as node_exporter spells them. */
const NAMES = [
  "established",
  "syn_sent",
  "syn_recv",
  "fin_wait1",
  "fin_wait2",
  "time_wait",
  "close",
  "close_wait",
  "last_ack",
  "listen",
  "closing",
] as const;

/**
 * Opt-in, as node_exporter has it: the kernel prints a line for each socket, some 100,000 lines a second. A
 * text of more than 4 MiB, 27,000 sockets, is refused.
 */
export const tcpstat: SourceKind = defineSource({
  name: "tcpstat",
  describes: "TCP connections by state; each socket costs 10 µs",
  isOff: true,
  open:
    () =>
    async ({ nowMs, read }) => {
      const texts = await Promise.all([
        read("/proc/net/tcp"),
        readIfThere(read, "/proc/net/tcp6"), // Not without IPv6.
      ]);
      const tables = texts.flatMap((text) =>
        text === undefined ? [] : [parseNetTcp(text, "/proc/net/tcp")],
      );
      const sum = (value: (table: (typeof tables)[number]) => number): number =>
        tables.reduce((total, table) => total + value(table), 0);
      const states = NAMES.flatMap((state, index) => {
        const sockets = sum((table) => table.states.get(index + 1) ?? 0);
        return sockets === 0 ? [] : [point(STATES, { state }, sockets, nowMs)];
      });
      return [
        ...states,
        point(
          STATES,
          { state: "rx_queued_bytes" },
          sum((table) => table.receiveQueueBytes),
          nowMs,
        ),
        point(
          STATES,
          { state: "tx_queued_bytes" },
          sum((table) => table.transmitQueueBytes),
          nowMs,
        ),
      ];
    },
});
