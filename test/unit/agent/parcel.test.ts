import { expect, test } from "vitest";
import { ParcelStack } from "../../../agent/parcel.ts";

/** A body is its samples; it is divided in the middle. */
const sink = {
  join: (bodies: readonly Uint8Array[]) => Buffer.concat(bodies),
  divide: (body: Uint8Array) => {
    const half = body.length >> 1;
    const part = (some: Uint8Array) => ({ body: some, samples: some.length });
    return half === 0 ? undefined : ([part(body.slice(0, half)), part(body.slice(half))] as const);
  },
};

const entry = (id: number, ...samples: readonly number[]) => ({
  id,
  body: Uint8Array.from(samples),
  samples: samples.length,
  timeMs: 0,
});

/** Delivers to a receiver that refuses every body with one of `bad` in it. */
function deliver(stack: ParcelStack, bad: readonly number[]) {
  const taken: number[] = [];
  let requests = 0;
  let lost = 0;
  for (let parcel = stack.next; parcel !== undefined; parcel = stack.next) {
    requests++;
    const body = [...stack.bodyOf(parcel)];
    if (body.some((sample) => bad.includes(sample))) lost += stack.refused(true);
    else {
      taken.push(...body);
      stack.taken();
    }
  }
  return { taken, requests, lost };
}

test("everything but the bad samples is taken, in order", () => {
  const stack = new ParcelStack(sink);
  stack.load([entry(1, 1, 2, 3), entry(2, 4, 5, 6, 7), entry(3, 8)]);

  expect(deliver(stack, [2, 7])).toMatchObject({ taken: [1, 3, 4, 5, 6, 8], lost: 2 });
});

test("one bad of two hundred costs some twenty requests", () => {
  for (const bad of [0, 77, 199]) {
    const stack = new ParcelStack(sink);
    stack.load([entry(1, ...Array.from({ length: 200 }, (_, i) => i))]);
    const { taken, requests, lost } = deliver(stack, [bad]);

    expect([taken.length, lost]).toEqual([199, 1]);
    expect(requests).toBeLessThan(20);
  }
});

test("where all are bad it is soon stopped, then each record is one request until one is taken", () => {
  const stack = new ParcelStack(sink);
  const samples = Array.from({ length: 200 }, (_, i) => i);
  const requestsOf = (id: number, bad: readonly number[]) => {
    stack.load([entry(id, ...samples)]);
    return deliver(stack, bad).requests;
  };

  expect(requestsOf(1, samples)).toBeLessThan(30);
  expect(requestsOf(2, samples)).toBe(1);
  expect(requestsOf(3, [])).toBe(1);
  expect(requestsOf(4, [7])).toBeGreaterThan(10);
});

test("a parcel knows its first record, divided or not", () => {
  const stack = new ParcelStack(sink);
  stack.load([entry(5, 1), entry(6, 2), entry(7, 3, 4)]);
  const ids: (number | undefined)[] = [];
  for (let parcel = stack.next; parcel !== undefined; parcel = stack.next) {
    ids.push(parcel.id);
    stack.refused(true);
  }

  expect(ids).toEqual([5, 5, 6, 6, 7, 7, 7]);
});

test("without the means to join or divide, records are what they are", () => {
  const stack = new ParcelStack({});
  stack.load([entry(1, 1, 2)]);
  expect(stack.next).toBeDefined();
  expect(stack.refused(true)).toBe(2);
  stack.load([]);
  expect([stack.next, stack.refused(true)]).toEqual([undefined, 0]);
  expect(stack.bodyOf({ contents: [], id: 0 })).toHaveLength(0);
});
