import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSnappyTemplate } from "../../../agent/snappy-template.ts";
import { decodeSnappy, encodeSnappy } from "../../../core/metrics/snappy.ts";

const decode = (bytes: Uint8Array): Buffer => Buffer.from(decodeSnappy(bytes, 1_000_000));

/** Repeats itself, as requests do; every other run is open. */
const arbitraryRuns = fc
  .array(
    fc.record({
      bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
      times: fc.integer({ min: 1, max: 4 }),
      isOpen: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((runs) => {
    const pieces = runs.flatMap(({ bytes, times, isOpen }) => Array(times).fill({ bytes, isOpen }));
    return {
      input: Buffer.concat(pieces.map(({ bytes }) => bytes)),
      isOpen: Buffer.concat(pieces.map(({ bytes, isOpen }) => Buffer.alloc(bytes.length, isOpen ? 1 : 0))),
    };
  });

test("whatever is put into the open places comes out there, and nothing else has changed", () => {
  fc.assert(
    fc.property(arbitraryRuns, fc.integer({ min: 0, max: 255 }), ({ input, isOpen }, filling) => {
      const { bytes, find } = encodeSnappyTemplate(input, isOpen);
      expect(decode(bytes)).toEqual(input);
      const wanted = Buffer.from(input);
      for (let i = 0; i < input.length; i++) {
        if (isOpen[i] !== 1) continue;
        wanted[i] = filling ^ (i & 0xff);
        bytes[find(i) ?? -1] = wanted[i] ?? 0;
      }

      expect(decode(bytes)).toEqual(wanted);
    }),
  );
});

test("a byte of a kind is taken from one of its kind, whatever is the same at first", () => {
  const kindsOf = fc.array(fc.constantFrom(0, 0, 2, 3, 4), { maxLength: 200 });
  fc.assert(
    fc.property(kindsOf, (kinds) => {
      const { bytes, find } = encodeSnappyTemplate(Buffer.alloc(kinds.length, 7), Uint8Array.from(kinds));
      for (const [i, kind] of kinds.entries()) {
        const at = kind === 0 ? undefined : find(i);
        if (at !== undefined) bytes[at] = kind;
      }

      expect(decode(bytes)).toEqual(Buffer.from(kinds.map((kind) => kind || 7)));
    }),
  );
});

test("a text larger than a block, with an open run across its end", () => {
  const input = Buffer.alloc(150_000, "label=value,");
  const isOpen = new Uint8Array(input.length).fill(1, 65_530, 65_560);
  const { bytes, find } = encodeSnappyTemplate(input, isOpen);
  for (let i = 65_530; i < 65_560; i++) bytes[find(i) ?? -1] = 0;

  expect(decode(bytes)).toEqual(
    Buffer.concat([input.subarray(0, 65_530), Buffer.alloc(30), input.subarray(65_560)]),
  );
  expect(bytes.length).toBeLessThan(encodeSnappy(input).length + 100);
});
