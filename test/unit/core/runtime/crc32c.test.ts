import { expect, test } from "vitest";
import { crc32c } from "../../../../core/runtime/crc32c.ts";

test.for<[string, Uint8Array, number]>([
  ["the check value", Buffer.from("123456789"), 0xe3069283],
  ["nothing", new Uint8Array(0), 0],
  // RFC 3720, appendix B.4
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 ascending", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
])("%s", ([, bytes, expected]) => {
  expect(crc32c(bytes)).toBe(expected);
});
