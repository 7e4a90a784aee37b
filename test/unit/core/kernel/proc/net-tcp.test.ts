import { describe, expect, it } from "vitest";
import { parseNetTcp } from "../../../../../core/kernel/proc/net-tcp.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const socket = (state: string, queues: string) =>
  `   0: 0100007F:2479 00000000:0000 ${state} ${queues} 00:00000000 00000000     0        0 51042 1\n`;

describe("parseNetTcp", () => {
  it("counts states and adds up queues", () => {
    const text =
      HEAD +
      socket("0A", "00000000:00000003") +
      socket("01", "00000010:00000000") +
      socket("01", "00000001:00000002");

    expect(parseNetTcp(text)).toEqual({
      states: new Map([
        [10, 1],
        [1, 2],
      ]),
      transmitQueueBytes: 17,
      receiveQueueBytes: 5,
    });
  });

  it("reads the longer addresses of tcp6", () => {
    const address = "00000000000000000000000001000000";
    const line = `   0: ${address}:1F90 ${address}:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1\n`;

    expect(parseNetTcp(HEAD + line).states).toEqual(new Map([[10, 1]]));
  });

  it("refuses a line that is none", () => {
    expect(() => parseNetTcp(`${HEAD}   0: 0100007F:2479\n`)).toThrow("net/tcp:2: ");
  });
});
