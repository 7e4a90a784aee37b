import type { Clock } from "../../core/runtime/clock.ts";

/** As long as a host's lock is waited for: longer than any one operation takes. */
const ENDED_MS = 600_000;
/** As long as a daemon that is told to end waits for what is under way: who has interrupted wants to go, and it goes on. */
const INTERRUPTED_MS = 60_000;

/** How long who asks a host still waits for what becomes of it, in milliseconds; not longer than a minute once `signal` came. */
export function beginWaiting(clock: Clock, signal: AbortSignal): () => number {
  const endMs = clock.monotonicMs() + ENDED_MS;
  let interruptedMs = Number.POSITIVE_INFINITY;
  return () => {
    const nowMs = clock.monotonicMs();
    if (signal.aborted) interruptedMs = Math.min(interruptedMs, nowMs);
    return Math.min(endMs, interruptedMs + INTERRUPTED_MS) - nowMs;
  };
}
