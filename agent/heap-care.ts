/** What may pile up, up to 1 MiB of it young; and ticks between two collections, of which one costs what a tick does. */
const GARBAGE_BYTES = 1.5 * 1024 * 1024;
const MIN_TICKS = 6;

/**
 * V8 lets garbage lie until a heap of 4 MB has become one of 10, which takes hours and makes agents of
 * different age look different. Returns what is to be called at the end of each tick: it collects after
 * the start, and whenever a mebibyte has come together. What counts is the heap's contents: the process' own memory
 * stays when garbage goes, since what lives is on the same pages. `gc` is there with --expose-gc, which the launcher gives.
 */
export function openHeapCare(
  heapBytes: () => number = () => process.memoryUsage().heapUsed,
  collect: (() => unknown) | undefined = globalThis.gc,
): () => void {
  if (collect === undefined) return () => {};
  let ticks = 0;
  let collectedAt = 0;
  let leanBytes = Number.POSITIVE_INFINITY;
  return () => {
    ticks++;
    const isDue =
      ticks === 3 || (ticks - collectedAt >= MIN_TICKS && heapBytes() - leanBytes > GARBAGE_BYTES);
    if (!isDue) return;
    collect();
    collectedAt = ticks;
    leanBytes = heapBytes();
  };
}
