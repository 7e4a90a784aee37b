import type { Resource } from "./types.ts";

/** A container that does nothing but keep the network namespace, so that the address outlives what runs in it. */
export const holder: Resource = {
  kind: "holder",
  reach: ({ holder: found }, { id, name, network }) => {
    const machine = { id, name };
    if (found === undefined)
      return [
        { kind: "createHolder", machine, network },
        { kind: "startHolder", machine },
      ];
    return found.isRunning ? [] : [{ kind: "startHolder", machine }];
  },
  remove: ({ holder: found }, { id, name }) =>
    found === undefined ? [] : [{ kind: "removeHolder", machine: { id, name } }],
};
