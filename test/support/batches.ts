import fc from "fast-check";
import type { Batch, Series } from "../../core/metrics/series.ts";

/** Generators for what an agent may send: every name valid, every value possible, no series without samples. */

const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,20}$/).filter((text) => text !== "__name__");

const value = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
  fc.constantFrom("10.0.0.7", "eth0", 'a"b\\c\nd'),
);

const labels = fc.dictionary(name, value, { maxKeys: 6, noNullPrototype: true });

const sample = fc.record({
  timestampMs: fc.integer({ min: -1, max: 4_102_444_800_000 }),
  // -0 is 0 to every reader of a page, but not to toEqual.
  value: fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
});

const kinds = ["counter", "gauge"] as const;

const series: fc.Arbitrary<Series> = fc
  .record({ name, labels, samples: fc.array(sample, { minLength: 1, maxLength: 3 }) })
  // Kind and help belong to the family: they follow from the name.
  .map((one) => ({ ...one, kind: kinds[one.name.length % 2] ?? "gauge", help: `About ${one.name}.` }));

export const batches: fc.Arbitrary<Batch[]> = fc.array(
  fc.record({ identity: labels, series: fc.array(series, { maxLength: 5 }) }),
  { maxLength: 3 },
);
