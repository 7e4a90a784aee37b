import type { Resource } from "./types.ts";

/**
 * The machine's address on its card: asked for on the wire before its first use, then set and announced.
 * It comes after all that can be made while the wire is listened to, and before anything runs.
 */
export const presence: Resource = {
  kind: "presence",
  reach: ({ card, holder, address }, { id, name, network }) => {
    const machine = { id, name };
    const isPlugged = card?.isPlugged === true && holder?.isRunning === true && address !== undefined;
    // One that has the address already would be answered by itself.
    if (isPlugged && card.hasAddress) return [];
    return [
      ...(address?.state === "bound" ? [] : [{ kind: "probeAddress" as const, machine, network }]),
      { kind: "setAddress", machine, network },
    ];
  },
  remove: () => [],
};
