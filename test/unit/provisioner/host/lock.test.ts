import { expect, test } from "vitest";
import { systemClock } from "../../../../core/runtime/clock.ts";
import { takeGroundLock, takeHostLock, takeHostOr } from "../../../../provisioner/host/lock.ts";

const never = new AbortController().signal;
const noWait = (): void => {};

test("one at a time: the second waits, is told once, and gets it when the first is done", async () => {
  const release = await takeHostLock(systemClock, never, noWait);
  let waits = 0;
  const second = takeHostLock(systemClock, never, () => void waits++);
  await systemClock.sleep(120);
  expect(waits).toBe(1);

  release();

  (await second)();
});

test("what machines stand on has a lock of its own", async () => {
  const release = await takeHostLock(systemClock, never, noWait);

  const ground = await takeGroundLock(systemClock, never, () => expect.fail("it waits for the other"));

  for (const each of [release, ground]) each();
});

test("patience ends, and so does waiting when it is interrupted", async () => {
  const release = await takeHostLock(systemClock, never, noWait);
  const controller = new AbortController();

  await expect(takeHostLock(systemClock, never, noWait, 100)).rejects.toThrow("changed by another plimsoll");
  const waiting = takeHostLock(systemClock, controller.signal, () => controller.abort());
  await expect(waiting).rejects.toThrow();
  release();
});

test("whoever finds something better meanwhile takes that", async () => {
  const release = await takeHostLock(systemClock, never, noWait);
  let asked = 0;
  const instead = async (): Promise<string | undefined> => (++asked > 2 ? "a daemon" : undefined);

  expect(await takeHostOr(systemClock, never, instead, noWait)).toBe("a daemon");
  release();
});
