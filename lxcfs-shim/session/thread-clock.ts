import { type HostRoot, openHostRoot } from "../../core/kernel/host-root.ts";
import { readKernelAttribute } from "../../core/kernel/text.ts";

/** Time as a thread has it. */
export interface ThreadClock {
  /** Monotonic milliseconds since an arbitrary start. */
  nowMs(): number;
  /**
   * How long this thread has run, or had to wait for a CPU to run on: not how long it slept. Undefined where the kernel does not
   * say. It may lag by a tick, 10 ms at most.
   */
  busyMs(): number | undefined;
}

// 894024 252605 7
//
// Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat": nanoseconds run, nanoseconds waited for a CPU, time
// slices. Without CONFIG_SCHED_INFO there is none.
const SCHEDSTAT = /^(\d{1,20}) (\d{1,20}) /;

/** The clock of whatever thread asks. */
export function openThreadClock(root: HostRoot = openHostRoot()): ThreadClock {
  const path = root.proc("thread-self/schedstat");
  return {
    nowMs: () => performance.now(),
    busyMs: () => {
      const [, ran, waited] = SCHEDSTAT.exec(readKernelAttribute(path) ?? "") ?? [];
      return ran === undefined ? undefined : (Number(ran) + Number(waited)) / 1e6;
    },
  };
}
