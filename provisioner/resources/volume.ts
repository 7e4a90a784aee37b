import type { Step } from "../step/steps.ts";
import type { Machine, Observed, Resource } from "./types.ts";

/**
 * A machine that has lived, and whose disk is not there: to bind its address is the last step of a
 * creation. The disk may be on a file system that is not mounted, or in a volume group that is away.
 */
export function isDiskGone({ volume: found, address }: Observed): boolean {
  return found === undefined ? address?.state === "bound" : found.isGone === true;
}

/**
 * The data disk. It grows while it is mounted, and is made smaller only where that was asked for. Where
 * it is gone there is never an empty one instead.
 */
export const volume: Resource = {
  kind: "volume",
  reach: (observed, { id, name, disk }) => {
    if (isDiskGone(observed)) return [];
    const { volume: found } = observed;
    const machine = { id, name };
    const create: readonly Step[] = found === undefined ? [{ kind: "createVolume", machine, ...disk }] : [];
    const mount: readonly Step[] = found?.isMounted === true ? [] : [{ kind: "mountVolume", machine }];
    const from = found?.bytes ?? disk.bytes;
    const grow: readonly Step[] =
      from < disk.bytes ? [{ kind: "growVolume", machine, bytes: disk.bytes, from }] : [];
    return [...create, ...mount, ...grow];
  },
  remove: ({ volume: found }, { id, name }) => {
    const machine = { id, name };
    if (found === undefined) return [];
    return [
      ...(found.isMounted ? [{ kind: "unmountVolume" as const, machine }] : []),
      { kind: "removeVolume", machine },
    ];
  },
};

/** What makes it smaller, and what is seen then. A disk in extents may be larger than wanted: whoever plans this was asked to. */
export function planShrink(
  observed: Observed,
  { id, name, disk }: Machine,
): { readonly steps: readonly Step[]; readonly after: Observed } {
  const from = observed.volume?.bytes ?? 0;
  if (from <= disk.bytes) return { steps: [], after: observed };
  const shrink: Step = { kind: "shrinkVolume", machine: { id, name }, bytes: disk.bytes, from };
  return { steps: [shrink], after: { ...observed, volume: { bytes: disk.bytes, isMounted: false } } };
}
