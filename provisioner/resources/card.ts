import type { Step } from "../step/steps.ts";
import type { Resource } from "./types.ts";

/**
 * The network card in the holder's namespace. It goes before the holder: a tap that dies with its
 * namespace has the userspace datapath spin. An address is probed for before its first use only.
 */
export const card: Resource = {
  kind: "card",
  reach: ({ card: found, holder, address }, { id, name, network, attach }) => {
    const machine = { id, name };
    const isPlugged = found?.isPlugged === true && holder?.isRunning === true && address !== undefined;
    const plug: readonly Step[] = isPlugged ? [] : [{ kind: "plugCard", machine, network, attach }];
    const probe: readonly Step[] =
      address?.state === "bound" ? [] : [{ kind: "probeAddress", machine, network }];
    const set: readonly Step[] =
      isPlugged && found.hasAddress ? [] : [{ kind: "setAddress", machine, network }];
    // One that has the address already would be answered by itself.
    return set.length === 0 ? [] : [...plug, ...probe, ...set];
  },
  remove: ({ card: found }, { id, name, network, attach }) =>
    found === undefined ? [] : [{ kind: "unplugCard", machine: { id, name }, network, attach }],
};
