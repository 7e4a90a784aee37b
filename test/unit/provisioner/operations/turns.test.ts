import { expect, test } from "vitest";
import { Turns } from "../../../../provisioner/operations/turns.ts";
import { settle } from "../../../support/manual-clock.ts";

test("one at a time for each name, in the order they asked; other names do not wait", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const first = await turns.take(["a", "b"]);
  const second = turns.take(["b", "c"]).then((release) => {
    order.push("second");
    return release;
  });
  const third = turns.take(["c"]).then((release) => {
    order.push("third");
    return release;
  });
  (await turns.take(["d"]))();
  await settle();
  expect(order).toEqual([]);
  expect(turns.areFree(["d"])).toBe(true);
  expect(turns.areFree(["d", "c"])).toBe(false);

  first();
  (await second)();
  (await third)();

  expect(order).toEqual(["second", "third"]);
  expect(turns.areFree(["a", "b", "c"])).toBe(true);
});

test("two who want the same names in another order do not wait for each other", async () => {
  const turns = new Turns();
  const work = async (names: readonly string[]): Promise<void> => (await turns.take(names))();

  await Promise.all([work(["a", "b"]), work(["b", "a"]), work(["a", "b"])]);
});
