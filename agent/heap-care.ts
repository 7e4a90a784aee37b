/** What may pile up; and ticks between two collections, of which one costs what a tick does. */
const GARBAGE_BYTES = 1024 * 1024;
const MIN_TICKS = 6;

/**
 * V8 lets garbage lie until a heap of 4 MB has become one of 10, which takes hours and makes agents of
 * different age look different. Returns what is to be called at the end of each tick: it collects after
 * the start, and whenever a mebibyte has come together. `gc` is there with --expose-gc, which the launcher gives.
 */
export function openHeapCare(
  ownBytes: () => number,
  collect: (() => unknown) | undefined = globalThis.gc,
): () => void {
  if (collect === undefined) return () => {};
  let ticks = 0;
  let collectedAt = 0;
  let leanBytes = Number.POSITIVE_INFINITY;
  return () => {
    ticks++;
    const isDue = ticks === 3 || (ticks - collectedAt >= MIN_TICKS && ownBytes() - leanBytes > GARBAGE_BYTES);
    if (!isDue) return;
    collect();
    collectedAt = ticks;
    leanBytes = ownBytes();
  };
}
