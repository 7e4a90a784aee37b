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
