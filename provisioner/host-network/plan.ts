import type { LinkState } from "../drivers/links-state.ts";
import { type BondSpec, findBondDifferences } from "../drivers/ovs-bonds.ts";
import type { Datapath, OvsBridge, OvsPort } from "../drivers/ovs-tables.ts";

/** The host's network as `host.yaml` wants it: a bridge, and NICs bonded to it as a trunk. */
export interface HostNetworkSpec {
  readonly bridge: string;
  readonly datapath: Datapath;
  readonly bond: string;
  readonly nics: readonly string[];
  /** The NIC to prefer; with none, the one that is active stays so. */
  readonly primary?: string | undefined;
  /** Let through to the NICs; none listed means all. */
  readonly vlans: readonly number[];
  readonly updelayMs: number;
}

/** The host's network as it is. */
export interface ObservedHostNetwork {
  readonly bridges: readonly OvsBridge[];
  readonly links: readonly LinkState[];
}

/** The kinds of change, and what each is about. */
export interface HostNetworkChangeArgs {
  createBridge: { readonly name: string; readonly datapath: Datapath };
  raiseNic: { readonly name: string };
  createBond: { readonly bond: BondSpec };
  changeBond: { readonly bond: BondSpec; readonly differences: readonly string[] };
}

export type HostNetworkChange<K extends keyof HostNetworkChangeArgs = keyof HostNetworkChangeArgs> = {
  [P in K]: { readonly kind: P } & HostNetworkChangeArgs[P];
}[K];

/** Why the changes must not be made as they are. */
export interface HostNetworkProblem {
  /** The bridge, bond or NIC. */
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
}

export interface HostNetworkPlan {
  /** In the order to make them; none when all is as wanted. */
  readonly changes: readonly HostNetworkChange[];
  readonly problems: readonly HostNetworkProblem[];
}

/** What makes the host's network be as wanted. Whatever is not named in `wanted` is left alone. */
export function planHostNetwork(observed: ObservedHostNetwork, wanted: HostNetworkSpec): HostNetworkPlan {
  const bridge = observed.bridges.find(({ name }) => name === wanted.bridge);
  const port = findPort(observed, wanted.bond);
  return {
    changes: [
      ...(bridge === undefined
        ? [{ kind: "createBridge" as const, name: wanted.bridge, datapath: wanted.datapath }]
        : []),
      ...observed.links
        .filter(({ name, isUp }) => wanted.nics.includes(name) && !isUp)
        .map(({ name }) => ({ kind: "raiseNic" as const, name })),
      ...planBondChange(port, wanted),
    ],
    problems: [
      ...findContradictions(wanted),
      ...findBridgeProblems(bridge, wanted),
      ...findBondProblems(observed, port, wanted),
      ...wanted.nics.flatMap((nic) => findNicProblems(observed, nic, wanted)),
    ],
  };
}

/** The bond as the driver takes it. */
export function bondOf(wanted: HostNetworkSpec): BondSpec {
  const { bond: name, bridge, nics: members, primary, vlans: trunks, updelayMs } = wanted;
  return { name, bridge, members, primary, trunks, updelayMs };
}

function planBondChange(port: OvsPort | undefined, wanted: HostNetworkSpec): readonly HostNetworkChange[] {
  const bond = bondOf(wanted);
  if (port === undefined) return [{ kind: "createBond", bond }];
  const differences = findBondDifferences(port, bond);
  return differences.length === 0 ? [] : [{ kind: "changeBond", bond, differences }];
}

function findContradictions({ nics, primary, bond, bridge }: HostNetworkSpec): readonly HostNetworkProblem[] {
  const problems: HostNetworkProblem[] = [];
  if (nics.length === 0) problems.push({ subject: bond, message: "has no NIC" });
  if (new Set(nics).size < nics.length) problems.push({ subject: bond, message: "has a NIC twice" });
  if (primary !== undefined && !nics.includes(primary)) {
    problems.push({ subject: primary, message: `is primary and not a NIC of ${bond}` });
  }
  if (new Set([bridge, bond, ...nics]).size < 2 + new Set(nics).size) {
    problems.push({ subject: bond, message: "bridge, bond and NICs need names of their own" });
  }
  return problems;
}

function findBridgeProblems(
  bridge: OvsBridge | undefined,
  wanted: HostNetworkSpec,
): readonly HostNetworkProblem[] {
  if (bridge === undefined || bridge.datapath === wanted.datapath) return [];
  return [
    {
      subject: bridge.name,
      message: `has the ${bridge.datapath} datapath, not ${wanted.datapath}`,
      hint: "changing it cuts every container: evacuate the host and remove the bridge first",
    },
  ];
}

/** The name of a bond is no device's, except where a bond has become a single NIC of that name. */
function findBondProblems(
  observed: ObservedHostNetwork,
  port: OvsPort | undefined,
  wanted: HostNetworkSpec,
): readonly HostNetworkProblem[] {
  if (port !== undefined && port.bridge !== wanted.bridge) {
    return [{ subject: wanted.bond, message: `is on the bridge ${port.bridge}, not ${wanted.bridge}` }];
  }
  if (port === undefined && observed.links.some(({ name }) => name === wanted.bond)) {
    return [
      {
        subject: wanted.bond,
        message: "is the name of a device already",
        hint: "a bond of the kernel cannot be used as well: remove it, or choose another name",
      },
    ];
  }
  return [];
}

function findNicProblems(
  observed: ObservedHostNetwork,
  nic: string,
  wanted: HostNetworkSpec,
): readonly HostNetworkProblem[] {
  const link = observed.links.find(({ name }) => name === nic);
  if (link === undefined) return [{ subject: nic, message: "is not there" }];
  const problems: HostNetworkProblem[] = [];
  const owner = findMembership(observed, nic);
  if (owner !== undefined && owner !== wanted.bond) {
    problems.push({ subject: nic, message: `belongs to the port ${owner}` });
  }
  const uses = [...link.addresses, ...(link.gateway === undefined ? [] : ["the default route"])];
  if (uses.length > 0) {
    problems.push({
      subject: nic,
      message: `carries ${uses.join(", ")}, which stops to work in a bond`,
      hint: "move the host's own address to another NIC, or to a port of the bridge with its VLAN",
    });
  }
  return problems;
}

function findPort(observed: ObservedHostNetwork, name: string): OvsPort | undefined {
  return observed.bridges.flatMap(({ ports }) => ports).find((port) => port.name === name);
}

function findMembership(observed: ObservedHostNetwork, nic: string): string | undefined {
  const ports = observed.bridges.flatMap((bridge) => bridge.ports);
  return ports.find(({ interfaces }) => interfaces.some(({ name }) => name === nic))?.name;
}
