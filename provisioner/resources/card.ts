import type { Resource } from "./types.ts";

/**
 * The network card in the holder's namespace. It goes before the holder: a tap that dies with its
 * namespace has the userspace datapath spin.
 */
export const card: Resource = {
  kind: "card",
  reach: ({ card: found, holder, address }, { id, name, network, attach }) => {
    const isPlugged = found?.isPlugged === true && holder?.isRunning === true && address !== undefined;
    return isPlugged ? [] : [{ kind: "plugCard", machine: { id, name }, network, attach }];
  },
  remove: ({ card: found }, { id, name, network, attach }) =>
    found === undefined ? [] : [{ kind: "unplugCard", machine: { id, name }, network, attach }],
};
