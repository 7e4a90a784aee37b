import { expect, test } from "vitest";
import { PoisonDetector } from "../../../agent/poison.ts";
import type { Delivery } from "../../../core/metrics/delivery.ts";

const never = new AbortController().signal;
const error: Delivery = { outcome: "retry", reason: "HTTP 500", blame: "samples" };
const away: Delivery = { outcome: "retry", reason: "ECONNREFUSED" };

/** Records 1 … `lastId`; `answer` says what the receiver thinks of each. */
function open(lastId: number, answer: (id: number) => Delivery) {
  const asked: number[] = [];
  const detector = new PoisonDetector(
    {
      name: "test",
      deliver: async (body) => {
        asked.push(body[0] ?? 0);
        return answer(body[0] ?? 0);
      },
    },
    {
      lastId,
      peek: async ({ fromId = 1 }) =>
        fromId > lastId ? [] : [{ id: fromId, body: Uint8Array.of(fromId), samples: 1, timeMs: 0 }],
    },
  );
  return { detector, asked };
}

test("three errors, then later records at growing distances; what is before the taken one and fails again is given up", async () => {
  const { detector, asked } = open(100, (id) => (id < 20 ? error : { outcome: "delivered" }));
  const ask = (id: number) => detector.isPoison(error, id, id, never);

  expect([await ask(1), await ask(1), await ask(1)]).toEqual([false, false, false]);
  expect(asked).toEqual([2, 3, 5, 9, 17, 33]);
  expect([await ask(1), await ask(2), await ask(32), await ask(33)]).toEqual([true, true, true, false]);
});

test("an ill receiver is asked at the 3rd, 6th, 12th error only, and nothing is given up", async () => {
  const { detector, asked } = open(2, () => error);
  const asks: number[] = [];
  for (let failure = 1; failure <= 13; failure++) {
    const before = asked.length;
    expect(await detector.isPoison(error, 1, 1, never)).toBe(false);
    if (asked.length > before) asks.push(failure);
  }

  expect(asks).toEqual([3, 6, 12]);
});

test("a receiver that goes away meanwhile has proved nothing", async () => {
  const { detector, asked } = open(100, () => away);
  for (let i = 0; i < 2; i++) await detector.isPoison(error, 1, 1, never);
  expect(await detector.isPoison(error, 1, 1, never)).toBe(false);

  expect(asked).toEqual([2]);
  await detector.isPoison(away, 1, 1, never);
  expect(await detector.isPoison(error, 1, 1, never)).toBe(false);
});

test("what is refused proves nothing either; a success ends the suspicion", async () => {
  const { detector, asked } = open(3, () => ({ outcome: "refused", reason: "HTTP 400" }));
  for (let i = 0; i < 2; i++) await detector.isPoison(error, 1, 1, never);
  detector.clear();
  await detector.isPoison(error, 1, 1, never);
  expect(asked).toEqual([]);
  for (let i = 0; i < 2; i++) expect(await detector.isPoison(error, 1, 1, never)).toBe(false);

  expect(asked).toEqual([2, 3]);
});

test("records that are gone when they are asked for", async () => {
  const { detector } = open(0, () => error);
  for (let i = 0; i < 3; i++) expect(await detector.isPoison(error, 1, 1, never)).toBe(false);
});
