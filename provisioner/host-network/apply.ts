import { PlimsollError } from "../../core/runtime/errors.ts";
import type { Links } from "../drivers/links.ts";
import type { Ovs } from "../drivers/ovs.ts";
import type { BondSpec } from "../drivers/ovs-bonds.ts";
import type { OvsPort } from "../drivers/ovs-tables.ts";
import type { HostNetworkChange, HostNetworkChangeArgs, ObservedHostNetwork } from "./plan.ts";

export interface HostNetworkDrivers {
  readonly ovs: Ovs;
  readonly links: Links;
}

/** A change that can be made, and taken back even if it was made in part. */
export interface Reversible {
  make(): Promise<unknown>;
  undo(): Promise<unknown>;
}

type Reversibles = {
  readonly [K in keyof HostNetworkChangeArgs]: (
    change: HostNetworkChange<K>,
    drivers: HostNetworkDrivers,
  ) => Reversible;
};

const REVERSIBLES: Reversibles = {
  createBridge: ({ name, datapath }, { ovs }) => ({
    make: () => ovs.ensureBridge({ name, datapath }),
    undo: () => ovs.removeBridge(name),
  }),
  // One that is up carries nothing by itself.
  raiseNic: ({ name }, { links }) => ({
    make: () => links.raise(links.home, name),
    undo: async () => {},
  }),
  createBond: ({ bond }, { ovs }) => ({
    make: () => makeBond(ovs, bond),
    undo: () => ovs.removeBond(bond.name),
  }),
  changeBond: ({ bond }, { ovs }) => {
    const was = ovs.bridges().flatMap(({ ports }) => ports.filter(({ name }) => name === bond.name));
    return {
      make: () => makeBond(ovs, bond),
      undo: () => Promise.all(was.map((port) => ovs.ensureBond(specOf(port)))),
    };
  },
};

export async function observeHostNetwork({ ovs, links }: HostNetworkDrivers): Promise<ObservedHostNetwork> {
  return { bridges: ovs.bridges(), links: await links.observe(links.home) };
}

/** Each change may be made again: after an interruption, observe and plan anew. */
export function reversibleNetworkChange<K extends keyof HostNetworkChangeArgs>(
  change: HostNetworkChange<K>,
  drivers: HostNetworkDrivers,
): Reversible {
  const kind: K = change.kind;
  return REVERSIBLES[kind](change, drivers);
}

/** The driver takes a NIC that does not work: it may come later. One that was planned with has to. */
async function makeBond(ovs: Ovs, bond: BondSpec): Promise<void> {
  const { members } = await ovs.ensureBond(bond);
  const broken = members.find(({ problem }) => problem !== undefined);
  if (broken !== undefined)
    throw new PlimsollError("OVS_PORT", `bond ${bond.name}: ${broken.name}: ${broken.problem}`);
}

function specOf(port: OvsPort): BondSpec {
  return {
    name: port.name,
    bridge: port.bridge,
    members: port.interfaces.map(({ name }) => name),
    primary: port.otherConfig.get("bond-primary"),
    trunks: port.trunks,
    updelayMs: port.bondUpdelayMs,
  };
}
