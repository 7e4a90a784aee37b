import { expect, test } from "vitest";
import {
  renderAgo,
  renderBytes,
  renderChange,
  renderCpus,
  renderPercent,
  renderRate,
  renderSpan,
  renderTick,
  renderTime,
} from "../../../../collector/page/format.ts";

test("figures have three digits at most, and a dash where there is none", () => {
  expect([0, 0.004, 0.0994, 0.0996, 0.5, 1, null].map(renderPercent)).toEqual([
    ...["0 %", "0.4 %", "9.9 %", "10 %", "50 %", "100 %", "–"],
  ]);
  expect([0, 999, 1000, 1536, 52_428_800, 2 ** 40 * 125, null].map(renderBytes)).toEqual([
    ...["0 B", "999 B", "0.98 KiB", "1.5 KiB", "50 MiB", "125 TiB", "–"],
  ]);
  expect([renderRate(2048), renderRate(null)]).toEqual(["2 KiB/s", "–"]);
  expect([0.25, 4, 12.34, 640, null].map(renderCpus)).toEqual(["0.25", "4", "12.3", "640", "–"]);
  expect([0.121, -0.5, 0.001, null].map(renderChange)).toEqual(["+12 %", "−50 %", "±0 %", "–"]);
});

test("times", () => {
  expect([-3, 59.6, 120, 7200, 86_400, 86_400 * 12].map(renderSpan)).toEqual([
    ...["0 s", "60 s", "2 min", "2 h", "24 h", "12 d"],
  ]);
  expect(renderAgo("2026-01-01T00:00:00Z", Date.UTC(2026, 0, 1, 0, 5))).toBe("5 min ago");
  const at = new Date(2026, 10, 24, 9, 5).getTime();
  expect(renderTime(at)).toBe("Tue 24 Nov 09:05");
  expect([renderTick(at / 1000, 3600), renderTick(at / 1000, 86_400)]).toEqual(["09:05", "Tue 24"]);
});
