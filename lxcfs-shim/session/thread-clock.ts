import { type HostRoot, openHostRoot } from "../../core/kernel/host-root.ts";
import { readKernelAttribute } from "../../core/kernel/text.ts";

/** Time as a thread has it. */
export interface ThreadClock {
  /** Monotonic milliseconds since an arbitrary start. */
  nowMs(): number;
  /** What this thread has run, waiting left out; undefined where the kernel does not say. It may lag by a tick, 10 ms at most. */
  ranMs(): number | undefined;
}

// 894024 252605 7
//
// Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat": nanoseconds run, nanoseconds waited for a CPU, time
// slices. Without CONFIG_SCHED_INFO there is none.
const SCHEDSTAT = /^(\d{1,20}) /;

/** The clock of whatever thread asks. */
export function openThreadClock(root: HostRoot = openHostRoot()): ThreadClock {
  const path = root.proc("thread-self/schedstat");
  return {
    nowMs: () => performance.now(),
    ranMs: () => {
      const nanoseconds = SCHEDSTAT.exec(readKernelAttribute(path) ?? "")?.[1];
      return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e6;
    },
  };
}
