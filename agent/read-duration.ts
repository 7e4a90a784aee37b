import { durationMs } from "../core/runtime/duration.ts";
import type { Fail } from "../core/runtime/options.ts";

/** A duration as an option within a mapping has it, milliseconds; what is wrong goes to `fail`. */
export function readDuration(value: unknown, fail: Fail): number {
  if (typeof value !== "string") return fail("must be a duration, e.g. 10s");
  return durationMs(value) ?? fail(`${JSON.stringify(value)} is not a duration, e.g. 10s`);
}
