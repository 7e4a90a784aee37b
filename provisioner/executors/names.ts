import type { MachineRef } from "../step/steps.ts";

/** Labels of the containers we make. */
export const LABEL = {
  machine: "io.plimsoll.machine",
  /** Absent on holders. */
  generation: "io.plimsoll.generation",
} as const;

/** Inside a machine. */
export const INSIDE = {
  card: "eth0",
  data: "/data",
  configuration: "/etc/plimsoll",
  application: "/opt/plimsoll",
  node: "/opt/plimsoll-node",
  agentService: "/etc/service/plimsoll-agent",
} as const;

/** A machine's name has no dot, so none of these is another's. */
export function containerName({ name }: MachineRef, generation: number): string {
  return `plimsoll.${name}.${generation}`;
}

export function holderName({ name }: MachineRef): string {
  return `plimsoll.${name}.net`;
}

/** 44 bits of the id, as many as a device's name has room for. Of two that were equal the second would be refused. */
export function portName({ id }: MachineRef): string {
  return `plim${id.replaceAll("-", "").slice(0, 11)}`;
}
