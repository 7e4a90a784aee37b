import { expect, test } from "vitest";
import { DeviceTime } from "../../../../lxcfs-shim/session/device-time.ts";

/** A thread that runs for `deviceMs` beside what is seen of each request. */
function openThread() {
  let busyMs = 0;
  const device = new DeviceTime({ busyMs: () => busyMs });
  const serve = (requests: number, seenMs: number, deviceMs: number): number => {
    let last = Number.NaN;
    for (let request = 0; request < requests; request++) {
      busyMs += seenMs + deviceMs;
      last = device.count(seenMs);
    }
    return last;
  };
  return serve;
}

test("what the thread was busy and was not seen is the device's, divided by the requests", () => {
  expect(openThread()(20_480, 0.005, 0.03)).toBeCloseTo(0.03, 9);
  expect(openThread()(20_480, 1, 0.002)).toBeCloseTo(0.002, 9);
});

test("it follows the last of it", () => {
  const serve = openThread();
  expect(serve(20_480, 0, 0.04)).toBeCloseTo(0.04, 9);
  expect(serve(204_800, 0, 0.01)).toBeCloseTo(0.01, 9);
});

test("nothing is made of a few requests, nor where the kernel does not say what a thread has run", () => {
  const first = openThread()(1, 0, 0.03);
  expect(first).toBeGreaterThan(0);
  expect(openThread()(1000, 0, 0.03)).toBe(first);
  const unknown = new DeviceTime({ busyMs: () => undefined });
  let last = Number.NaN;
  for (let request = 0; request < 100_000; request++) last = unknown.count(1);
  expect(last).toBe(first);
});

test("it is never less than nothing, for the kernel's count lags", () => {
  expect(openThread()(102_400, 0.05, -0.04)).toBe(0);
});
