import { systemClock } from "./clock.ts";

export const LATE: unique symbol = Symbol("late");

/** `promise`, or LATE when it takes longer than `ms`. Leaves no timer behind. */
export async function withPatience<T>(promise: Promise<T>, ms: number): Promise<T | typeof LATE> {
  const settled = new AbortController();
  try {
    return await Promise.race([promise, systemClock.sleep(ms, settled.signal).then((): typeof LATE => LATE)]);
  } finally {
    settled.abort();
  }
}

/** Aborts with `signal`, and after `ms`. Not AbortSignal.any(): that loses a timeout that nobody else holds. */
export function atMost(ms: number, signal: AbortSignal): AbortSignal {
  const ended = new AbortController();
  void systemClock.sleep(ms, signal).then(() => ended.abort());
  return ended.signal;
}
