import type { Step } from "../step/steps.ts";
import type { Resource } from "./types.ts";

/** The data disk. It grows while it is mounted; it is never made smaller here. */
export const volume: Resource = {
  kind: "volume",
  reach: ({ volume: found }, { id, name, disk }) => {
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
