const FIRST_MS = 250;
const LONGEST_MS = 30_000;
/** A receiver may ask for silence, not for ever. */
const LONGEST_ASKED_MS = 300_000;

/**
 * How long to wait after the `failures`th failure in a row: doubled each time up to half a minute, or
 * what the receiver asked for. `random` (0 ≤ r < 1) keeps collectors that failed together apart.
 */
export function backoffMs(failures: number, askedMs: number | undefined, random: number): number {
  if (askedMs !== undefined) return Math.min(askedMs, LONGEST_ASKED_MS) * (1 + random / 10);
  return Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS) * (0.5 + random / 2);
}
