import fc from "fast-check";
import { expect, test } from "vitest";
import { Block, BlockError, type Column, encodeBlock } from "../../../../collector/history/block.ts";

const columns = fc
  .uniqueArray(
    fc.record({
      id: fc.nat(1_000_000_000),
      samples: fc.dictionary(fc.nat(4_102_444_800_000).map(String), fc.double(), { minKeys: 1, maxKeys: 20 }),
    }),
    { selector: ({ id }) => id, maxLength: 10 },
  )
  .map((list) =>
    list
      .sort((a, b) => a.id - b.id)
      .map(({ id, samples }): Column => {
        const entries = Object.entries(samples).sort(([a], [b]) => Number(a) - Number(b));
        return {
          id,
          times: entries.map(([time]) => Number(time)),
          values: entries.map(([, value]) => value),
        };
      }),
  );

function read(bytes: Uint8Array): (Column | undefined)[] {
  const block = new Block(bytes);
  return block.ids.map((id) => block.column(id));
}

test("decode after encode is the same", () => {
  fc.assert(fc.property(columns, (list) => void expect(read(encodeBlock(list))).toEqual(list)));
});

test("series of the same times share them", () => {
  const times = Array.from({ length: 360 }, (_, i) => 1_700_000_000_000 + i * 10_000 + (i % 7));
  const values = times.map(() => 1);
  const one = encodeBlock([{ id: 1, times, values }]).length;
  const ten = encodeBlock(
    Array.from({ length: 10 }, (_, i) => ({ id: i + 1, times: [...times], values })),
  ).length;
  expect(ten - one).toBeLessThan(9 * 10);
});

test("an hour of one agent is less than two bytes a sample, whatever a third of it does", () => {
  const [pushes, series, startMs] = [360, 150, 1_700_000_000_000];
  const values: readonly ((push: number, id: number) => number)[] = [
    () => 16_777_216_000, // stands still
    (push, id) => (push * 1000 * (id + 1) + (push % 7)) / 100, // counts
    (push, id) => 8e9 + ((push * 7919 + id) % 1000) * 4096, // moves about
  ];
  const hour = Array.from(
    { length: series },
    (_, id): Column => ({
      id,
      times: Array.from({ length: pushes }, (_, push) => startMs + push * 10_000 + (push % 5)),
      values: Array.from({ length: pushes }, (_, push) => values[id % 3]?.(push, id) ?? 0),
    }),
  );
  expect(encodeBlock(hour).length / (pushes * series)).toBeLessThan(2);
});

test("a column that is not there is undefined", () => {
  expect(new Block(encodeBlock([])).column(1)).toBeUndefined();
});

test("any damage is a BlockError and nothing else", () => {
  const good = encodeBlock([{ id: 7, times: [1, 2, 4], values: [1.5, 2.5, Math.PI] }]);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bad = Uint8Array.from(good);
      bad[at] = (bad[at] ?? 0) ^ flip;
      expect(() => read(bad)).toThrow(BlockError);
      expect(() => read(good.subarray(0, at))).toThrow(BlockError);
    }),
  );
});

test("a block of what is to come is refused by its number", () => {
  const empty = encodeBlock([]);
  expect(() => new Block(Uint8Array.of(2, ...empty.subarray(1)))).toThrow("checksum");
});
