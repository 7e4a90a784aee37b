import type { Resource } from "./types.ts";

/** The permanent address: reserved first, bound when the machine lives, released last. */
export const address: Resource = {
  kind: "address",
  reach: (observed, { id, name, network, address: wanted }) =>
    observed.address === undefined
      ? [{ kind: "reserveAddress", machine: { id, name }, network, address: wanted }]
      : [],
  settle: (observed, { id, name, network }) =>
    observed.address?.state === "bound" ? [] : [{ kind: "bindAddress", machine: { id, name }, network }],
  remove: (observed, { id, name, network }) =>
    observed.address === undefined ? [] : [{ kind: "releaseAddress", machine: { id, name }, network }],
};
