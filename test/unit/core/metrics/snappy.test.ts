import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "../../../../core/metrics/decode-error.ts";
import { decodeSnappy, encodeSnappy, joinSnappy } from "../../../../core/metrics/snappy.ts";

const NO_LIMIT = 64 * 1024 * 1024;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: Uint8Array): string => Buffer.from(value).toString("latin1");
const failure = (input: Uint8Array, maxBytes = NO_LIMIT): string => {
  try {
    decodeSnappy(input, maxBytes);
  } catch (error) {
    if (error instanceof DecodeError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "decoded";
};

// Runs, repeats and noise, some of it beyond one 64 KiB block.
const input = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 3000 }))
        .map(([unit, times]) => Buffer.concat(new Array<Uint8Array>(times).fill(unit))),
    ),
    { maxLength: 6 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

test("each kind of element, byte by byte", () => {
  const f = (want: string, ...encoded: number[]): void => {
    expect(text(decodeSnappy(bytes(...encoded), NO_LIMIT))).toBe(want);
  };
  f("", 0x00); // length 0
  f("hello", 0x05, 0x10, 0x68, 0x65, 0x6c, 0x6c, 0x6f); // literal, (5 - 1) << 2
  f("abababab", 0x08, 0x04, 0x61, 0x62, 0x09, 0x02); // literal "ab", copy 1: length 6, offset 2
  f("xxxxxxxxxx", 0x0a, 0x00, 0x78, 0x22, 0x01, 0x00); // literal "x", copy 2: length 9, offset 1
  f("aba", 0x03, 0x04, 0x61, 0x62, 0x03, 0x02, 0x00, 0x00, 0x00); // literal "ab", copy 3: length 1, offset 2
  f("h".repeat(61), 0x3d, 0xf0, 0x3c, ...new Array<number>(61).fill(0x68)); // literal with one length byte
});

test("what is wrong is told with its place", () => {
  const f = (want: string, ...encoded: number[]): void => expect(failure(bytes(...encoded))).toBe(want);
  f("MALFORMED snappy: no length at byte 0");
  f("MALFORMED snappy: length of more than five bytes at byte 5", 0xff, 0xff, 0xff, 0xff, 0xff);
  f("MALFORMED snappy: length larger than the input can hold at byte 0", 0xff, 0xff, 0x03, 0x00, 0x61);
  f("MALFORMED snappy: literal runs over the input at byte 2", 0x05, 0x10, 0x68);
  f("MALFORMED snappy: more output than announced at byte 2", 0x01, 0x04, 0x68, 0x69);
  f("MALFORMED snappy: copy from outside the output at byte 6", 0x0a, 0x04, 0x61, 0x62, 0x09, 0x03, 0x00);
  f("MALFORMED snappy: truncated at byte 4", 0x05, 0x00, 0x61, 0x02, 0x01);
  f("MALFORMED snappy: 1 bytes, 5 announced at byte 3", 0x05, 0x00, 0x61);
});

test("a bomb is refused by its announced length, before anything is allocated", () => {
  const bomb = encodeSnappy(new Uint8Array(1_000_000));
  expect(bomb.length).toBeLessThan(50_000);
  expect(failure(bomb, 999_999)).toBe("LIMIT snappy: 1000000 bytes uncompressed, at most 999999 are taken");
});

test("decode ∘ encode = id, within the promised size", () => {
  fc.assert(
    fc.property(input, (original) => {
      const encoded = encodeSnappy(original);
      expect(encoded.length).toBeLessThanOrEqual(32 + original.length + original.length / 6);
      expect(Buffer.compare(decodeSnappy(encoded, original.length), original)).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("repeats shrink", () => {
  const line = Buffer.from('node_cpu_seconds_total{cpu="0",mode="idle"}\n'.repeat(5000));
  expect(encodeSnappy(line).length).toBeLessThan(line.length / 15);
});

test("no corruption or truncation gives anything but a result or a DecodeError", () => {
  fc.assert(
    fc.property(input, fc.nat(), fc.nat(255), fc.nat(), (original, where, value, cut) => {
      const encoded = new Uint8Array(encodeSnappy(original));
      encoded[where % encoded.length] = value;
      failure(encoded, original.length * 2 + 16);
      expect(failure(encodeSnappy(original).subarray(0, cut % encoded.length))).not.toBe("decoded");
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => void failure(noise)));
});

test("blocks joined are the block of their contents joined", () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 9 }).map((one) => Buffer.from(one.repeat(50))),
  );
  fc.assert(
    fc.property(fc.array(content, { maxLength: 5 }), (contents) => {
      const joined = joinSnappy(contents.map(encodeSnappy));
      expect(Buffer.from(decodeSnappy(joined, NO_LIMIT))).toEqual(Buffer.concat(contents));
    }),
  );
});
