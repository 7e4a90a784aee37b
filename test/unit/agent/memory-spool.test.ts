import fc from "fast-check";
import { expect, test } from "vitest";
import { MemorySpool } from "../../../agent/memory-spool.ts";

const record = (size: number): { body: Uint8Array; samples: number } => ({
  body: new Uint8Array(size),
  samples: size,
});

test("gives records in order, each until it is acknowledged", async () => {
  const spool = new MemorySpool(10_000);
  await spool.append(record(1));
  await spool.append(record(2));

  const first = await spool.peek();
  expect(first).toMatchObject({ samples: 1 });
  expect(await spool.peek()).toBe(first);
  await spool.acknowledge(first?.id ?? 0);
  expect(await spool.peek()).toMatchObject({ samples: 2 });
});

test("what is too large for the spool is dropped and counted", async () => {
  const spool = new MemorySpool(1000);
  await spool.append(record(1001));

  expect(await spool.peek()).toBeUndefined();
  expect(spool).toMatchObject({ length: 0, bytes: 0, droppedSamples: 1001 });
});

/** The model: what was appended, what was acknowledged, in order. */
test("never reorders, drops only the oldest, accounts for every sample, stays below its bound", async () => {
  const append = fc.record({ kind: fc.constant("append" as const), size: fc.integer({ min: 0, max: 500 }) });
  const acknowledge = fc.record({ kind: fc.constant("acknowledge" as const) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(append, acknowledge), { maxLength: 60 }), async (steps) => {
      const spool = new MemorySpool(2000);
      let appended = 0;
      let acknowledged = 0;
      let lastId = 0;
      for (const step of steps) {
        if (step.kind === "append") {
          await spool.append(record(step.size));
          appended += step.size;
        } else {
          const entry = await spool.peek();
          if (entry === undefined) continue;
          expect(entry.id).toBeGreaterThan(lastId);
          lastId = entry.id;
          acknowledged += entry.samples;
          await spool.acknowledge(entry.id);
          await spool.acknowledge(entry.id);
        }
        expect(spool.bytes).toBeLessThanOrEqual(2000);
      }
      let left = 0;
      for (let entry = await spool.peek(); entry !== undefined; entry = await spool.peek()) {
        left += entry.samples;
        await spool.acknowledge(entry.id);
      }
      expect(acknowledged + left + spool.droppedSamples).toBe(appended);
      expect(spool.bytes).toBe(0);
    }),
  );
});

test("acknowledging what was dropped meanwhile leaves the rest alone", async () => {
  const spool = new MemorySpool(1000);
  await spool.append(record(500));
  const first = await spool.peek();
  await spool.append(record(600));
  await spool.acknowledge(first?.id ?? 0);

  expect(await spool.peek()).toMatchObject({ samples: 600 });
});
