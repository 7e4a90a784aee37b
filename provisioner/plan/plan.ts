import { RESOURCES } from "../resources/index.ts";
import type { Machine, Observed } from "../resources/types.ts";
import type { Step } from "../step/steps.ts";

/** The steps that make a machine be as wanted, in order; none when it is. */
export function planMachine(observed: Observed, wanted: Machine): readonly Step[] {
  const reach = RESOURCES.flatMap((resource) => resource.reach(observed, wanted));
  const settle = RESOURCES.flatMap((resource) => resource.settle?.(observed, wanted) ?? []);
  const isProved = wanted.power === "off" || reach.length + settle.length === 0;
  return [...reach, ...(isProved ? [] : [verify(wanted)]), ...settle];
}

/** The steps that leave nothing of a machine. */
export function planRemoval(observed: Observed, machine: Machine): readonly Step[] {
  return RESOURCES.toReversed().flatMap((resource) => resource.remove(observed, machine));
}

function verify({ id, name, generation, limits, disk }: Machine): Step {
  return { kind: "verifyMachine", machine: { id, name }, generation, limits, diskBytes: disk.bytes };
}
