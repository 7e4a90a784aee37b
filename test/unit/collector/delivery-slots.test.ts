import { expect, test } from "vitest";
import { DeliverySlots } from "../../../collector/delivery-slots.ts";
import type { Delivery } from "../../../core/metrics/delivery.ts";
import { settle } from "../../support/manual-clock.ts";

const delivered: Delivery = { outcome: "delivered" };
const retry: Delivery = { outcome: "retry", reason: "no" };

/** Starts deliveries that last until they are answered, in order. */
function openGate(slots: DeliverySlots) {
  const waiting: ((delivery: Delivery) => void)[] = [];
  return {
    waiting,
    start: (count: number) => {
      for (let i = 0; i < count; i++) void slots.run(() => new Promise((resolve) => waiting.push(resolve)));
    },
    answer: async (delivery: Delivery) => {
      waiting.shift()?.(delivery);
      await settle();
    },
  };
}

test("more at once while all is taken and others wait, half after one that fails", async () => {
  const slots = new DeliverySlots(4);
  const { waiting, start, answer } = openGate(slots);
  start(30);
  await settle();
  expect(waiting.length).toBe(1);
  await answer(delivered);
  expect([slots.limit, waiting.length]).toEqual([2, 2]);
  for (let i = 0; i < 8; i++) await answer(delivered);
  expect([slots.limit, waiting.length]).toEqual([4, 4]);
  await answer(retry);
  expect(slots.limit).toBe(2);
  await answer(retry);
  await answer(retry);
  expect(slots.limit).toBe(1);
});

test("one that nobody waits behind makes it no more; one that throws gives its place back", async () => {
  const slots = new DeliverySlots(4);
  for (let i = 0; i < 5; i++) await slots.run(async () => delivered);
  expect(slots.limit).toBe(1);
  await expect(slots.run(() => Promise.reject(new Error("BUG")))).rejects.toThrow("BUG");
  expect(await slots.run(async () => delivered)).toBe(delivered);
});
