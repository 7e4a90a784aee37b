import fc from "fast-check";
import { expect, test } from "vitest";
import {
  BitReader,
  BitWriter,
  doubleOf,
  unzigzag,
  wordsOf,
  zigzag,
} from "../../../../collector/history/bits.ts";

test("what is written is read, in any mixture", () => {
  const item = fc
    .integer({ min: 1, max: 53 })
    .chain((count) =>
      fc.record({ count: fc.constant(count), value: fc.maxSafeNat().map((value) => value % 2 ** count) }),
    );
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.double(), fc.array(item), (number, double, items) => {
      const writer = new BitWriter();
      writer.varint(number);
      writer.float64(double);
      for (const { value, count } of items) writer.bits(value, count);
      const bytes = writer.finish();
      const reader = new BitReader(bytes);
      expect(reader.varint()).toBe(number);
      expect(reader.float64()).toBe(double);
      for (const { value, count } of items) expect(reader.bits(count)).toBe(value);
      expect(reader.at).toBe(bytes.length);
      expect(() => new BitReader(bytes, bytes.length).bit()).toThrow("it ends too early");
    }),
  );
});

test("a number without end is refused", () => {
  expect(() => new BitReader(new Uint8Array(20).fill(0xff)).varint()).toThrow("more than eight bytes");
});

test("signs and doubles, there and back", () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), fc.double(), (integer, double) => {
      expect(zigzag(integer)).toBeGreaterThanOrEqual(0);
      expect(unzigzag(zigzag(integer)) - integer).toBe(0);
      expect(doubleOf(...wordsOf(double))).toBe(double);
    }),
  );
});
