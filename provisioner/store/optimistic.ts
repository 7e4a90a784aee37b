import type { Clock } from "../../core/runtime/clock.ts";
import { PlimsollError } from "../../core/runtime/errors.ts";

/** What an attempt returns when what it had read was written by another meanwhile. */
export const CONFLICT: unique symbol = Symbol("conflict");

/** 64 processes that all want the same, one of which gets on at each attempt, are done long before. */
const MAX_ATTEMPTS = 200;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/** Read, decide, commit; again from the reading on when another was faster. The pauses are random, so that equals part. */
export async function retryConflicts<T>(
  what: string,
  clock: Clock,
  attempt: () => Promise<T | typeof CONFLICT>,
): Promise<T> {
  let longestMs = FIRST_PAUSE_MS;
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
    const result = await attempt();
    if (result !== CONFLICT) return result;
    await clock.sleep(Math.random() * longestMs);
    longestMs = Math.min(longestMs * 2, LONGEST_PAUSE_MS);
  }
  throw new PlimsollError("STORE_CONFLICT", `${what}: given up, ${MAX_ATTEMPTS} attempts met other changes`, {
    hint: "try again; plimsoll net show says whether the store contradicts itself",
  });
}
