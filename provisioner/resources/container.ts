import type { Limits, MachineRef, Step } from "../step/steps.ts";
import type { Machine, Observed, ObservedContainer, Resource } from "./types.ts";

/**
 * What runs in the machine, one container per generation. A rebuild makes the new one beside the old
 * one, and the old one stays, stopped, until the new one has proved itself.
 */
export const container: Resource = {
  kind: "container",
  reach: (observed, wanted) => {
    const { id, name, generation } = wanted;
    const machine = { id, name };
    const found = observed.containers.find((each) => each.generation === generation && each.isOfHolder);
    const others = observed.containers.filter((each) => each !== found);
    return [
      ...others
        .filter((each) => each.generation === generation)
        .map((each): Step => ({ kind: "removeContainer", machine, generation: each.generation })),
      ...(found === undefined ? [create(machine, wanted)] : adjust(machine, found, wanted.limits)),
      ...others
        .filter((each) => each.isRunning && each.generation !== generation)
        .map((each): Step => ({ kind: "stopContainer", machine, generation: each.generation })),
      ...power(machine, found, observed, wanted),
    ];
  },
  settle: ({ containers }, { id, name, generation }) =>
    containers
      .filter((each) => each.generation !== generation)
      .map((each) => ({ kind: "removeContainer", machine: { id, name }, generation: each.generation })),
  remove: ({ containers }, { id, name }) => {
    const machine = { id, name };
    return [
      ...containers
        .filter(({ isRunning }) => isRunning)
        .map(({ generation }): Step => ({ kind: "stopContainer", machine, generation })),
      ...containers.map(({ generation }): Step => ({ kind: "removeContainer", machine, generation })),
    ];
  },
};

function create(machine: MachineRef, { generation, image, command, limits }: Machine): Step {
  return { kind: "createContainer", machine, generation, image, command, limits };
}

function adjust(machine: MachineRef, found: ObservedContainer, limits: Limits): readonly Step[] {
  const { generation, limits: was } = found;
  const isSame =
    was.cpus === limits.cpus && was.cpuset === limits.cpuset && was.memoryBytes === limits.memoryBytes;
  return isSame ? [] : [{ kind: "updateLimits", machine, generation, limits, was }];
}

/** One that runs beside the holder's namespace, or beside its volume, is restarted. */
function power(
  machine: MachineRef,
  found: ObservedContainer | undefined,
  { holder }: Observed,
  { generation, power: wanted }: Machine,
): readonly Step[] {
  const isOn = found?.isRunning === true;
  const isStranded = isOn && (holder?.isRunning !== true || !found.isInPlace);
  const stop: readonly Step[] =
    isOn && (wanted === "off" || isStranded) ? [{ kind: "stopContainer", machine, generation }] : [];
  const start: readonly Step[] =
    wanted === "on" && (!isOn || isStranded) ? [{ kind: "startContainer", machine, generation }] : [];
  return [...stop, ...start];
}
