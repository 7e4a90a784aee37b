import { expect, test } from "vitest";
import { openHeapCare } from "../../../agent/heap-care.ts";

const MIB = 2 ** 20;

/** The ticks at which garbage is collected, when each leaves `garbageBytes`. */
function collections(garbageBytes: number, ticks: number): number[] {
  const at: number[] = [];
  let bytes = 9 * MIB;
  let tick = 0;
  const care = openHeapCare(
    () => bytes,
    () => {
      at.push(tick);
      bytes = 9 * MIB;
    },
  );
  for (tick = 1; tick <= ticks; tick++) {
    bytes += garbageBytes;
    care();
  }
  return at;
}

test("garbage is collected after the start, and when enough of it has come together", () => {
  expect(collections(MIB / 10, 35)).toEqual([3, 19, 35]);
  expect(collections(0, 1000)).toEqual([3]);
});

test("not at every tick, however much there is; without gc not at all", () => {
  expect(collections(5 * MIB, 22)).toEqual([3, 9, 15, 21]);
  expect(openHeapCare(() => 0, undefined)).not.toThrow();
});
