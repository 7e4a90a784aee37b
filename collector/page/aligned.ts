import type { Point } from "./api.ts";

/** Times in seconds and a figure of each line at each of them: what the charts take. */
export type Aligned = readonly [
  seconds: readonly number[],
  now: readonly (number | null)[],
  before: readonly (number | null)[],
];

/**
 * Both lines over the times of `now`, every step of the range, so that a gap is a gap and machines of
 * different ages have the same scale.
 */
export function alignCourses(
  now: readonly Point[],
  before: readonly Point[],
  range: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number; readonly backMs: number },
): Aligned {
  const { fromMs, toMs, stepMs, backMs } = range;
  const at = (points: readonly Point[], shiftMs: number): ReadonlyMap<number, number> =>
    new Map(
      points.flatMap(([ms, value]) => (typeof value === "number" ? [[slotOf(ms + shiftMs), value]] : [])),
    );
  const slotOf = (ms: number): number => Math.round(ms / stepMs);
  const [current, earlier] = [at(now, 0), at(before, backMs)];
  const slots = [];
  for (let slot = Math.ceil(fromMs / stepMs); slot <= Math.ceil(toMs / stepMs); slot++) slots.push(slot);
  return [
    slots.map((slot) => (slot * stepMs) / 1000),
    slots.map((slot) => current.get(slot) ?? null),
    slots.map((slot) => earlier.get(slot) ?? null),
  ];
}
