import { expect, test } from "vitest";
import { PACE_STEP_MS, Pace } from "../../../../collector/status/pace.ts";

test("the last minute counts, or what there is of it", () => {
  let total = 100;
  const pace = new Pace(() => total, 0);
  expect(pace.perSecond(0)).toBe(0);
  total += 10;
  expect(pace.perSecond(5_000)).toBe(2);
  for (let step = 1; step <= 20; step++) {
    total += step > 10 ? 40 : 0;
    pace.note(step * PACE_STEP_MS);
  }
  expect(pace.perSecond(20 * PACE_STEP_MS)).toBe(4);
});
