import { expect, test } from "vitest";
import { parseProxyHeader } from "../../../../collector/http/proxy-protocol.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const v2 = (rest: string): Buffer => Buffer.from(SIGNATURE + rest, "hex");
const V6 = `${"fd00".padEnd(30, "0")}07${"fd00".padEnd(30, "0")}01`;

test.for([
  ["PROXY TCP4 10.0.0.7 10.0.0.1 56324 443\r\n", "10.0.0.7"],
  ["PROXY TCP6 fd00::7 fd00::1 1 2\r\n", "fd00::7"],
  ["PROXY UNKNOWN\r\n", undefined],
  ["PROXY UNKNOWN ff ff 1 2\r\n", undefined],
  [v2("2111000c0a0000070a000001dc0401bb"), "10.0.0.7"],
  [v2(`21210024${V6}00010002`), "fd00::7"],
  // With extensions; for itself; a transport without addresses.
  [v2("2111000f0a0000070a000001dc0401bb040000"), "10.0.0.7"],
  [v2("20000000"), undefined],
  [v2("21000000"), undefined],
] as const)("%j: %s", ([header, address]) => {
  const bytes = Buffer.from(header);
  expect(parseProxyHeader(Buffer.concat([bytes, Buffer.from("GET /")]))).toEqual({
    address,
    length: bytes.length,
  });
  for (let end = 0; end < bytes.length; end++)
    expect(parseProxyHeader(bytes.subarray(0, end))).toBeUndefined();
});

test.for([
  "GET / HTTP/1.1\r\n",
  "PROXY TCP4 10.0.0.7\r\n",
  "PROXY TCP4 fd00::7 fd00::1 1 2\r\n",
  "PROXY UDP4 10.0.0.7 10.0.0.1 1 2\r\n",
  `PROXY ${"x".repeat(110)}`,
  v2("1111000c0a0000070a000001dc0401bb"),
  v2("2211000c0a0000070a000001dc0401bb"),
  v2("211100040a000007"),
])("%j is none", (header) => {
  expect(() => parseProxyHeader(Buffer.from(header))).toThrow("no PROXY header");
});
