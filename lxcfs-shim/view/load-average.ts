/**
 * Load averages as the kernel computes them (include/linux/sched/loadavg.h, kernel/sched/loadavg.c): exponentially
 * damped over 1, 5 and 15 minutes, one step every five seconds, in fixed point with 11 bits of fraction.
 */

/** The three averages, in 1/2048. */
export type FixedLoad = readonly [one: number, five: number, fifteen: number];

/** LOAD_FREQ: one step of the averages. */
export const LOAD_PERIOD_MS = 5000;

const FIXED_1 = 2048;
/** FIXED_1 / exp(5 s / 1, 5, 15 min): EXP_1, EXP_5, EXP_15. */
const DAMPING: FixedLoad = [1884, 2014, 2037];
/** After so many steps (three hours) nothing of an older load is left in the averages. */
const MAX_STEPS = 2160;

/**
 * As if `active` tasks had been running since the start, `ageSeconds` ago: what a machine shows that booted then. At least
 * one step, so that a busy container's first value is not 0.
 */
export function seedLoad(active: number, ageSeconds: number): FixedLoad {
  const periods = Math.floor((ageSeconds * 1000) / LOAD_PERIOD_MS);
  return advanceLoad([0, 0, 0], active, Math.max(1, periods));
}

/** `load` after `periods` steps with `active` tasks running or in uninterruptible sleep. */
export function advanceLoad(load: FixedLoad, active: number, periods: number): FixedLoad {
  const steps = Math.min(periods, MAX_STEPS);
  const advance = (value: number, damping: number): number => {
    let next = value;
    for (let step = 0; step < steps; step += 1) next = dampOnce(next, damping, active * FIXED_1);
    return next;
  };
  return [advance(load[0], DAMPING[0]), advance(load[1], DAMPING[1]), advance(load[2], DAMPING[2])];
}

/** Two decimals, rounded as /proc/loadavg does (it adds FIXED_1/200 and cuts off). */
export function loadValue(fixed: number): number {
  const rounded = fixed + Math.floor(FIXED_1 / 200);
  return Math.floor(rounded / FIXED_1) + Math.floor(((rounded % FIXED_1) * 100) / FIXED_1) / 100;
}

/** calc_load: rises round up, so that a constant load is reached and not only approached. */
function dampOnce(load: number, damping: number, active: number): number {
  const next = load * damping + active * (FIXED_1 - damping) + (active >= load ? FIXED_1 - 1 : 0);
  return Math.floor(next / FIXED_1);
}
