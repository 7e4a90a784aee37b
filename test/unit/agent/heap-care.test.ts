import { expect, test } from "vitest";
import { openHeapCare } from "../../../agent/heap-care.ts";

test("garbage is collected after the start and then now and then; without gc nothing happens", () => {
  let collections = 0;
  const care = openHeapCare(() => collections++);
  const seen = Array.from({ length: 70 }, () => {
    care();
    return collections;
  });

  expect([seen[1], seen[2], seen[31], seen[32], seen[69]]).toEqual([0, 1, 1, 2, 3]);
  expect(openHeapCare(undefined)).not.toThrow();
});
