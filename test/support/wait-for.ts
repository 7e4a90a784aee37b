import { setTimeout as sleep } from "node:timers/promises";
import { PATIENCE } from "./patience.ts";

/** Asks again and again until the answer is neither undefined nor false; throws, naming `what`, after `timeoutMs` (times `PATIENCE`). */
export async function waitFor<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs * PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs * PATIENCE} ms`);
    await sleep(20);
  }
}
