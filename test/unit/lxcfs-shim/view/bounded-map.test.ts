import { expect, test } from "vitest";
import { BoundedMap } from "../../../../lxcfs-shim/view/bounded-map.ts";

test("forgets the entry unused for longest", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.get("a");
  map.set("c", 3);

  expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([1, undefined, 3]);
});

test("an entry set again counts once", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);

  expect([map.get("a"), map.get("b")]).toEqual([3, 2]);
});

test("tells of each value that goes, evicted or deleted or replaced", () => {
  const gone: number[] = [];
  const map = new BoundedMap<string, number>(1, { onGone: (value) => gone.push(value) });
  map.set("a", 1);
  map.set("b", 2);
  map.set("b", 3);
  map.delete("b");
  map.delete("b");

  expect(gone).toEqual([1, 2, 3]);
});

test("what is of no use any more goes long before it is full, what is of use stays", () => {
  const map = new BoundedMap<number, number>(10_000, { isCurrent: (key) => key % 100 === 0 });
  for (let key = 0; key < 3000; key += 1) map.set(key, key);

  expect(map.size).toBeLessThan(400);
  expect(Array.from({ length: 30 }, (_, hundred) => map.get(100 * hundred))).not.toContain(undefined);
});

test("nobody is asked whether a few are of use", () => {
  const asked: number[] = [];
  const map = new BoundedMap<number, number>(10_000, { isCurrent: (key) => asked.push(key) > 0 });
  for (let key = 0; key < 100; key += 1) map.set(key, key);

  expect(asked).toEqual([]);
});
