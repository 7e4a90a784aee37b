import type { Clock } from "../../../core/runtime/clock.ts";
import type { Hints } from "./hints.ts";

/** A push makes several notifications within a moment: one look is for all of them. */
const GATHER_MS = 500;

/**
 * Compares everything, then again each `everyMs`; in between what is hinted at, and that alone. Ends with `signal`.
 * `run` is given the repositories to look at, or nothing for all; a failure is its own to tell.
 */
export async function watchRules(
  everyMs: number,
  hints: Hints,
  clock: Clock,
  signal: AbortSignal,
  run: (only?: ReadonlySet<string>) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    const before = await hints.list();
    const dueMs = clock.monotonicMs() + everyMs;
    await run();
    await hints.remove(before);
    while (!signal.aborted && clock.monotonicMs() < dueMs) {
      await hints.wait(dueMs - clock.monotonicMs(), signal);
      await clock.sleep(GATHER_MS, signal);
      const found = await hints.list();
      if (found.length === 0 || signal.aborted) continue;
      // What fails now is the next comparison's.
      await run(new Set(found.map(({ repository }) => repository)));
      await hints.remove(found);
    }
  }
}
