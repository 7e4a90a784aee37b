import { type Line, malformed, parseLines } from "../lines.ts";

/*
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 *    0: 0100007F:2479 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 51042 1 …
 *
 * Documentation/networking/proc_net_tcp.rst; tcp6, udp and udp6 have the same columns. Every socket of the network
 * namespace has a line.
 */

/** Of all sockets in the file. */
export interface SocketTable {
  /** TCP_* of net/tcp_states.h → sockets. */
  readonly states: ReadonlyMap<number, number>;
  readonly transmitQueueBytes: number;
  readonly receiveQueueBytes: number;
}

const LINE = /^ *\d+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:[0-9A-F]+ ([0-9A-F]{2}) ([0-9A-F]{8}):([0-9A-F]{8}) /;

export function parseNetTcp(text: string, path = "net/tcp"): SocketTable {
  const states = new Map<number, number>();
  let transmitQueueBytes = 0;
  let receiveQueueBytes = 0;
  for (const line of parseLines(text, path).slice(1)) {
    const [, state, transmit, receive] = LINE.exec(line.text) ?? malformed(line);
    const number = parseHex(state, line);
    states.set(number, (states.get(number) ?? 0) + 1);
    transmitQueueBytes += parseHex(transmit, line);
    receiveQueueBytes += parseHex(receive, line);
  }
  return { states, transmitQueueBytes, receiveQueueBytes };
}

function parseHex(field: string | undefined, line: Line): number {
  return field === undefined ? malformed(line) : Number.parseInt(field, 16);
}
