/** Between collections: five minutes at the default interval, where one costs a hundredth of what the ticks do. */
const TICKS = 30;

/**
 * V8 lets garbage lie until a heap of 4 MB has become one of 10, which takes hours and makes agents of
 * different age look different. Returns what is to be called at the end of each tick: it collects after
 * the start, and now and then. `gc` is there with --expose-gc, which the launcher gives.
 */
export function openHeapCare(collect: (() => unknown) | undefined = globalThis.gc): () => void {
  let ticks = 0;
  return () => {
    if (ticks++ % TICKS === 2) collect?.();
  };
}
