import fc from "fast-check";
import { expect, test } from "vitest";
import { LatestTable } from "../../../collector/latest-table.ts";
import type { Shape } from "../../../collector/shapes.ts";

const shapes: readonly Shape[] = Array.from({ length: 40 }, (_, i) => ({
  name: `s${i}`,
  labels: {},
  key: `${i}`,
}));

type Model = Map<Shape, { readonly value: number; readonly ended: boolean; readonly heardMs: number }>;

function prune(table: LatestTable, model: Model, sinceMs: number): void {
  const expected = [...model].filter(([, { heardMs }]) => heardMs < sinceMs).map(([shape]) => shape);
  expect(new Set(table.prune(sinceMs))).toEqual(new Set(expected));
  for (const shape of expected) model.delete(shape);
}

function compare(table: LatestTable, model: Model): void {
  expect(table.size).toBe(model.size);
  expect(new Set(table.shapes())).toEqual(new Set(model.keys()));
  for (const shape of shapes) {
    const { value, ended, heardMs } = model.get(shape) ?? { ended: true };
    expect(table.has(shape)).toBe(model.has(shape));
    expect(table.find(shape)?.sample.value).toEqual(value);
    expect(table.timestampMs(shape)).toBe(heardMs);
    expect(table.valueSince(shape, 0)).toEqual(ended ? undefined : value);
    expect(table.valueSince(shape, (heardMs ?? 0) + 1)).toBeUndefined();
  }
}

test("holds what was put last, whatever has been pruned between", () => {
  const put = fc.record({ shape: fc.constantFrom(...shapes), value: fc.double(), ended: fc.boolean() });
  const step = fc.oneof({ weight: 20, arbitrary: put }, { weight: 1, arbitrary: fc.constant(undefined) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new LatestTable();
      const model: Model = new Map();
      for (const [now, one] of steps.entries()) {
        if (one === undefined) {
          prune(table, model, now - 30);
          continue;
        }
        const { shape, value, ended } = one;
        table.put(shape, { timestampMs: now, value, ...(ended ? { stale: true } : {}) }, now);
        model.set(shape, { value, ended, heardMs: now });
      }
      compare(table, model);
    }),
  );
});
