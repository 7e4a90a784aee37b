import type { Clock } from "../core/runtime/clock.ts";

const PERIOD_MS = 60_000;

/**
 * Collects once a minute until `signal` aborts. The main thread makes a mebibyte or two of garbage a minute while containers come
 * and go: V8 would let it lie until its small heap has become one three times as large, and a server of an hour would look as if
 * it had grown. `gc` is there with --expose-gc, which the launcher gives.
 */
export async function collectGarbage(
  clock: Clock,
  signal: AbortSignal,
  collect: (() => unknown) | undefined = globalThis.gc,
): Promise<void> {
  while (collect !== undefined && !signal.aborted) {
    await clock.sleep(PERIOD_MS, signal);
    if (!signal.aborted) collect();
  }
}
