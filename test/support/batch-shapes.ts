import fc from "fast-check";
import type { Series } from "../../core/metrics/series.ts";

/** Some lists of series, of which each tick says one. */
const label = fc.constantFrom("cpu", "device", "mode", "Zone", "_x");
const series: fc.Arbitrary<Series> = fc.record({
  name: fc.constantFrom("node_load1", "node_cpu_seconds_total", "up"),
  kind: fc.constantFrom("gauge", "counter", "unknown"),
  help: fc.constantFrom("", "Help.", "Some other help."),
  labels: fc.dictionary(label, fc.string({ maxLength: 6 }), { maxKeys: 3 }),
  samples: fc
    .oneof(
      { arbitrary: fc.double().map((value) => ({ value })), weight: 9 },
      { arbitrary: fc.constant({ value: Number.NaN, stale: true as const }), weight: 1 },
    )
    .map((sample) => [{ ...sample, timestampMs: 0 }]),
});

export const shapes: fc.Arbitrary<readonly (readonly Series[])[]> = fc.array(
  fc.array(series, { minLength: 1, maxLength: 12 }),
  { minLength: 1, maxLength: 3 },
);

export interface ShapedTick {
  readonly shape: number;
  readonly timestampMs: number;
  /** What values are more than they were. */
  readonly by: number;
}

/** Of times whose varint has six bytes. */
export const ticks: fc.Arbitrary<readonly ShapedTick[]> = fc.array(
  fc.record({
    shape: fc.nat(2),
    timestampMs: fc.integer({ min: 2 ** 36, max: 2 ** 42 - 1 }),
    by: fc.double(),
  }),
  { minLength: 1, maxLength: 8 },
);

/** What is said at a tick. */
export function sayAt(
  all: readonly (readonly Series[])[],
  { shape, timestampMs, by }: ShapedTick,
): readonly Series[] {
  return (all[shape % all.length] ?? []).map((one) => {
    const samples = one.samples.map((sample) => {
      const value = sample.stale ? sample.value : sample.value + by;
      return { ...sample, timestampMs, value };
    });
    return { ...one, samples };
  });
}
