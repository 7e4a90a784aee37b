import { expect, test } from "vitest";
import { divideSnappy } from "../../../agent/snappy-division.ts";
import { decodeSnappy, encodeSnappy } from "../../../core/metrics/snappy.ts";

/** Field 1, two bytes long, three times; field 3 once. */
const ELEMENTS = [1, 2, 3].map((value) => Buffer.from([0x0a, 2, 0x08, value]));
const OTHER = Buffer.from([0x1a, 1, 0x00]);

test("each half has its share of the field and all of the rest, compressed, and says how many", () => {
  const halves = divideSnappy(encodeSnappy(Buffer.concat([...ELEMENTS, OTHER])), 1);

  expect(halves?.map(({ samples }) => samples)).toEqual([1, 2]);
  expect(halves?.map(({ body }) => Buffer.from(decodeSnappy(body, 1024)))).toEqual([
    Buffer.concat([OTHER, ...ELEMENTS.slice(0, 1)]),
    Buffer.concat([OTHER, ...ELEMENTS.slice(1)]),
  ]);
});

test("one element cannot be divided", () => {
  expect(divideSnappy(encodeSnappy(Buffer.concat([...ELEMENTS.slice(0, 1), OTHER])), 1)).toBeUndefined();
});
