import { expect, test } from "vitest";
import { CONFLICT, retryConflicts } from "../../../../provisioner/store/optimistic.ts";
import { SetClock } from "../../../support/networks.ts";

class PauseClock extends SetClock {
  readonly pauses: number[] = [];

  override sleep(ms = 0): Promise<void> {
    this.pauses.push(ms);
    return Promise.resolve();
  }
}

test("again until no other was faster", async () => {
  const clock = new PauseClock();
  let left = 3;

  expect(await retryConflicts("x", clock, async () => (left-- > 0 ? CONFLICT : "done"))).toBe("done");
  expect(clock.pauses).toHaveLength(3);
});

test("given up in the end, after pauses that grow to a bound", async () => {
  const clock = new PauseClock();

  await expect(retryConflicts("network web", clock, async () => CONFLICT)).rejects.toThrow(
    "network web: given up",
  );
  expect(Math.max(...clock.pauses)).toBeLessThanOrEqual(50);
  expect(clock.pauses.length).toBeGreaterThan(100);
});

test("an error is not tried again", async () => {
  let attempts = 0;
  const fail = async (): Promise<never> => {
    attempts++;
    throw new Error("disk full");
  };

  await expect(retryConflicts("x", new PauseClock(), fail)).rejects.toThrow("disk full");
  expect(attempts).toBe(1);
});
