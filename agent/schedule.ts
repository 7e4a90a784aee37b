/**
 * Ticks are aligned to the wall clock, so that machines can be compared, and shifted by an offset of
 * the machine's own, so that a thousand agents started together do not push together.
 */
export function planNextTickMs(nowMs: number, intervalMs: number, offsetMs: number): number {
  const untilTick = intervalMs - positiveModulo(nowMs - offsetMs, intervalMs);
  // A timer may fire a millisecond early: the tick it was for must not be taken twice.
  return untilTick < intervalMs / 2 ? untilTick + intervalMs : untilTick;
}

/** Spreads instances evenly over the interval; the same instance always gets the same place. */
export function offsetMs(instance: string, intervalMs: number): number {
  let hash = 0x811c9dc5; // FNV-1a, 32 bits
  for (const character of instance) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  // FNV's low bits hardly differ between neighbouring addresses: take the place from all 32.
  return Math.floor((hash / 2 ** 32) * intervalMs);
}

function positiveModulo(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}
