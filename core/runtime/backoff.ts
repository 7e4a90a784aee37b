export interface BackoffSteps {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** A receiver may ask for silence, not for ever. */
const LONGEST_ASKED_MS = 300_000;

/**
 * How long to wait after the `failures`th failure in a row: doubled each time up to the longest step,
 * or what the receiver asked for. `random` (0 ≤ r < 1) spreads senders that failed together; it is
 * applied after the cap, or all would meet again there.
 */
export function backoffMs(
  { firstMs, longestMs }: BackoffSteps,
  failures: number,
  askedMs: number | undefined,
  random: number,
): number {
  if (askedMs !== undefined) return Math.min(askedMs, LONGEST_ASKED_MS) * (1 + random / 10);
  return Math.min(firstMs * 2 ** (failures - 1), longestMs) * (0.5 + random / 2);
}
