import fc from "fast-check";
import { expect, test } from "vitest";
import { type Chunk, MemoryQueue } from "../../../collector/queue.ts";

const chunk = (size: number): Chunk => ({ body: new Uint8Array(size), samples: size, receivedMs: 0 });

test("hands out the oldest that fit, at least one, until they are acknowledged", async () => {
  const queue = new MemoryQueue(1000);
  for (const size of [50, 10, 20, 30]) await queue.append(chunk(size));
  const sizes = async (maxBytes: number): Promise<number[]> =>
    (await queue.peek(maxBytes)).map(({ samples }) => samples);
  expect(await sizes(85)).toEqual([50, 10, 20]);
  expect(await sizes(1)).toEqual([50]);
  await queue.acknowledge((await queue.peek(1))[0]?.id ?? 0);
  expect(await sizes(1000)).toEqual([10, 20, 30]);
  expect([queue.length, queue.bytes]).toEqual([3, 60]);
});

test("drops its oldest when full, but never the only one", async () => {
  const queue = new MemoryQueue(100);
  await queue.append(chunk(200));
  expect([queue.length, queue.isFull, queue.droppedSamples]).toEqual([1, true, 0]);
  await queue.append(chunk(40));
  expect([queue.length, queue.isFull, queue.droppedSamples]).toEqual([1, false, 200]);
});

test("model: in order, nothing twice, nothing lost but the oldest", async () => {
  const step = fc.oneof(
    fc.record({ append: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ take: fc.integer({ min: 1, max: 150 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const queue = new MemoryQueue(100);
      let waiting: number[] = [];
      let dropped = 0;
      const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
      for (const one of steps) {
        if ("append" in one) {
          await queue.append(chunk(one.append));
          waiting.push(one.append);
          while (sum(waiting) > 100 && waiting.length > 1) dropped += waiting.shift() ?? 0;
        } else {
          const taken = await queue.peek(one.take);
          expect(taken.map(({ samples }) => samples)).toEqual(waiting.slice(0, taken.length));
          expect(taken.length > 0).toBe(waiting.length > 0);
          await queue.acknowledge(taken.at(-1)?.id ?? 0);
          waiting = waiting.slice(taken.length);
        }
        expect([queue.length, queue.bytes, queue.droppedSamples]).toEqual([
          waiting.length,
          sum(waiting),
          dropped,
        ]);
      }
    }),
  );
});
