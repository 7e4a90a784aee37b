import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { atMost, LATE, withPatience } from "../../../../core/runtime/patience.ts";

test("what comes in time comes through, what fails fails", async () => {
  expect(await withPatience(Promise.resolve(7), 10_000)).toBe(7);
  await expect(withPatience(Promise.reject(new Error("no")), 10_000)).rejects.toThrow("no");
});

test("what does not come is late", async () => {
  expect(await withPatience(new Promise(() => {}), 5)).toBe(LATE);
});

test("a wait ends with its signal, and in time, however often memory is cleaned meanwhile", async () => {
  const left = new AbortController();
  const signals = [atMost(60_000, left.signal), atMost(60_000, AbortSignal.abort())];
  left.abort();
  await expect.poll(() => signals.map(({ aborted }) => aborted)).toEqual([true, true]);

  setFlagsFromString("--expose-gc");
  const clean: () => void = runInNewContext("gc");
  let isOver = false;
  atMost(300, new AbortController().signal).addEventListener("abort", () => {
    isOver = true;
  });
  await expect
    .poll(() => {
      clean();
      return isOver;
    })
    .toBe(true);
});
