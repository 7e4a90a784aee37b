import { describe, expect, it } from "vitest";
import { parseNetDev, readNetDev } from "../../../../../core/kernel/proc/net-dev.ts";
import { fixtureHost, tempHost } from "../hosts.ts";

const HEADER = "Inter-|   Receive\n face |bytes\n";

describe("parseNetDev", () => {
  it("reads all sixteen columns", () => {
    expect(parseNetDev(`${HEADER}  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`)).toEqual([
      {
        device: "eth0",
        receiveBytes: 1,
        receivePackets: 2,
        receiveErrors: 3,
        receiveDropped: 4,
        receiveFifo: 5,
        receiveFrame: 6,
        receiveCompressed: 7,
        receiveMulticast: 8,
        transmitBytes: 9,
        transmitPackets: 10,
        transmitErrors: 11,
        transmitDropped: 12,
        transmitFifo: 13,
        transmitCollisions: 14,
        transmitCarrier: 15,
        transmitCompressed: 16,
      },
    ]);
  });

  it("needs no blank after the colon and takes an alias whole", () => {
    const [device] = parseNetDev(`${HEADER}eth0:1:42 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`);
    expect(device).toMatchObject({ device: "eth0:1", receiveBytes: 42 });
  });

  it("finds no device below the header", () => expect(parseNetDev(HEADER)).toEqual([]));

  it.each(["eth0 1 2", ": 1 2 3", "eth0: 1 2 3", ""])("refuses %j", (line) => {
    expect(() => parseNetDev(`${HEADER}${line}\n`)).toThrow("net/dev:3: ");
  });
});

describe("readNetDev", () => {
  it("reads the host's", () => {
    expect(readNetDev(fixtureHost("v1-hybrid"))?.map(({ device }) => device)).toEqual(["lo", "eth0"]);
  });

  it("is undefined without the file", () => expect(readNetDev(tempHost({}))).toBeUndefined());
});
