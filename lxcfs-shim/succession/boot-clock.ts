import { type Clock, systemClock } from "../../core/runtime/clock.ts";

/** `performance.now` begins anew with each process and thread; hrtime is CLOCK_MONOTONIC, and costs more. */
const STARTED_MS: number = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** The system's clock, its monotonic time counted from the host's boot: a server reads on it what the last one wrote down. */
export const bootClock: Clock = {
  ...systemClock,
  monotonicMs: () => STARTED_MS + performance.now(),
};
