import { deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { PLAIN_OR_GZIP, SNAPPY } from "../../../../collector/http/encodings.ts";
import { encodeSnappy } from "../../../../core/metrics/snappy.ts";

const body = Buffer.alloc(1_000_000);
const ways = [
  ["", PLAIN_OR_GZIP, body],
  ["identity", PLAIN_OR_GZIP, body],
  ["gzip", PLAIN_OR_GZIP, gzipSync(body)],
  ["deflate", PLAIN_OR_GZIP, deflateSync(body)],
  ["snappy", SNAPPY, encodeSnappy(body)],
] as const;

test.for(ways)("%j gives the body back, and no more than is taken", ([name, encodings, encoded]) => {
  expect(Buffer.compare(encodings[name]?.(encoded, 1_000_000) ?? Buffer.of(), body)).toBe(0);
  expect(() => encodings[name]?.(encoded, 999_999)).toThrow(expect.objectContaining({ code: "LIMIT" }));
});

test.for(["gzip", "deflate"])("%s that is none", (name) => {
  const decode = (bytes: Uint8Array) => () => PLAIN_OR_GZIP[name]?.(bytes, 1000);
  expect(decode(Buffer.from("hello"))).toThrow(expect.objectContaining({ code: "MALFORMED" }));
  expect(decode(gzipSync("hello").subarray(0, 12))).toThrow(`${name}: `);
});
