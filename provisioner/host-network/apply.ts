import type { Links } from "../drivers/links.ts";
import type { Ovs } from "../drivers/ovs.ts";
import type { HostNetworkChange, HostNetworkChangeArgs, ObservedHostNetwork } from "./plan.ts";

export interface HostNetworkDrivers {
  readonly ovs: Ovs;
  readonly links: Links;
}

type Appliers = {
  readonly [K in keyof HostNetworkChangeArgs]: (
    change: HostNetworkChange<K>,
    drivers: HostNetworkDrivers,
  ) => Promise<unknown>;
};

const APPLIERS: Appliers = {
  createBridge: ({ name, datapath }, { ovs }) => ovs.ensureBridge({ name, datapath }),
  raiseNic: ({ name }, { links }) => links.raise(links.home, name),
  createBond: ({ bond }, { ovs }) => ovs.ensureBond(bond),
  changeBond: ({ bond }, { ovs }) => ovs.ensureBond(bond),
};

export async function observeHostNetwork({ ovs, links }: HostNetworkDrivers): Promise<ObservedHostNetwork> {
  return { bridges: ovs.bridges(), links: await links.observe(links.home) };
}

/** Makes one change. Each may be made again: after an interruption, observe and plan anew. */
export async function applyChange<K extends keyof HostNetworkChangeArgs>(
  change: HostNetworkChange<K>,
  drivers: HostNetworkDrivers,
): Promise<void> {
  const kind: K = change.kind;
  await APPLIERS[kind](change, drivers);
}
