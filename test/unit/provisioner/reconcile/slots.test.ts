import { expect, test } from "vitest";
import { Slots } from "../../../../provisioner/reconcile/slots.ts";
import { settle } from "../../../support/manual-clock.ts";

test("so many at once, the others in the order they came", async () => {
  const slots = new Slots(2);
  const [first, second] = [await slots.take(), await slots.take()];
  const order: number[] = [];
  const later = [3, 4].map(async (number) => {
    const release = await slots.take();
    order.push(number);
    return release;
  });
  await settle();
  expect(order).toEqual([]);

  second();
  await settle();
  expect(order).toEqual([3]);
  first();

  for (const release of await Promise.all(later)) release();
  expect(order).toEqual([3, 4]);
});
