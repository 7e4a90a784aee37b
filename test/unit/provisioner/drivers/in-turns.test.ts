import fc from "fast-check";
import { expect, test } from "vitest";
import { inTurns } from "../../../../provisioner/drivers/in-turns.ts";

test("every item once, results in order, never more at once than told", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      async (items, atOnce) => {
        let running = 0;
        let most = 0;
        const results = await inTurns(items, atOnce, async (ticks) => {
          most = Math.max(most, ++running);
          for (let i = 0; i < ticks; i++) await undefined;
          running--;
          return ticks * 2;
        });
        expect(results).toEqual(items.map((ticks) => ticks * 2));
        expect(most).toBeLessThanOrEqual(atOnce);
      },
    ),
  );
});

test("the first failure is thrown when nothing runs any more; nothing new begins", async () => {
  const log: string[] = [];

  const all = inTurns(["a", "bad", "c", "d"], 2, async (item) => {
    await new Promise((resolve) => setTimeout(resolve, item === "a" ? 30 : 1));
    if (item === "bad") throw new Error("bad");
    log.push(item);
  });

  await expect(all).rejects.toThrow("bad");
  expect(log).toEqual(["a"]);
});
