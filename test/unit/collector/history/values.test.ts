import fc from "fast-check";
import { expect, test } from "vitest";
import { BitWriter } from "../../../../collector/history/bits.ts";
import { readValues, writeValues } from "../../../../collector/history/values.ts";

function sizeOf(values: readonly number[]): number {
  const writer = new BitWriter();
  writeValues(writer, values);
  const bytes = writer.finish();
  const padded = Buffer.concat([Buffer.of(1, 2), bytes, Buffer.of(3)]);
  expect(readValues(padded, 2, 2 + bytes.length, values.length)).toEqual(values);
  return bytes.length;
}

const hundred = (make: (index: number) => number): number[] => Array.from({ length: 100 }, (_, i) => make(i));

test("every list of doubles comes back to the bit", () => {
  const value = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.integer().map((cents) => cents / 100),
    fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 2 ** 53, 0.1 + 0.2),
  );
  fc.assert(fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), (values) => void sizeOf(values)));
});

test("what agents send takes little", () => {
  expect(sizeOf(hundred(() => 16_777_216_000))).toBeLessThan(10); // MemTotal
  expect(sizeOf(hundred((i) => 1_000_000 + i * 1500))).toBeLessThan(30); // an even counter
  expect(sizeOf(hundred((i) => (123_456 + i * 998 + (i % 3)) / 100))).toBeLessThan(60); // cpu seconds
  expect(sizeOf(hundred((i) => 8e9 + ((i * 7919) % 1000) * 4096))).toBeLessThan(320); // MemAvailable
  expect(sizeOf(hundred((i) => Math.sin(i)))).toBeLessThan(850);
});

test("bytes of something else are refused", () => {
  expect(() => readValues(Buffer.of(9), 0, 1, 1)).toThrow("an unknown kind 9");
  expect(() => readValues(Buffer.of(1, 60, 0, 0), 0, 4, 1)).toThrow("an unknown form");
  expect(() => readValues(Buffer.of(2, 0xff, 0xff), 0, 3, 1)).toThrow("more bits than a double has");
  expect(() => readValues(Buffer.of(2), 0, 1, 1)).toThrow("it ends too early");
});
