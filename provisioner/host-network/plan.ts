import type { LinkState } from "../drivers/links-state.ts";
import { type BondSpec, findBondDifferences } from "../drivers/ovs-bonds.ts";
import type { Datapath, OvsBridge, OvsPort } from "../drivers/ovs-tables.ts";

/** The host's network as `host.yaml` wants it: a bridge, and NICs bonded to it as a trunk. */
export interface HostNetworkSpec {
  readonly bridge: string;
  readonly datapath: Datapath;
  /** The way out; without one what is on the bridge stays on this host. */
  readonly bond?: BondSpec | undefined;
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
  const { bridge: name, datapath, bond } = wanted;
  const bridge = observed.bridges.find((each) => each.name === name);
  const create = bridge === undefined ? [{ kind: "createBridge" as const, name, datapath }] : [];
  const changes = bond === undefined ? [] : planBondChanges(observed, bond);
  const problems = bond === undefined ? [] : findBondProblems(observed, bond);
  return {
    changes: [...create, ...changes],
    problems: [...findBridgeProblems(bridge, wanted), ...problems],
  };
}

function planBondChanges(observed: ObservedHostNetwork, bond: BondSpec): readonly HostNetworkChange[] {
  const down = observed.links.filter(({ name, isUp }) => bond.members.includes(name) && !isUp);
  const raise = down.map(({ name }) => ({ kind: "raiseNic" as const, name }));
  const port = findPort(observed, bond.name);
  if (port === undefined) return [...raise, { kind: "createBond", bond }];
  const differences = findBondDifferences(port, bond);
  return differences.length === 0 ? raise : [...raise, { kind: "changeBond", bond, differences }];
}

function findBondProblems(observed: ObservedHostNetwork, bond: BondSpec): readonly HostNetworkProblem[] {
  return [
    ...findContradictions(bond),
    ...findNameProblems(observed, bond),
    ...bond.members.flatMap((nic) => findNicProblems(observed, nic, bond)),
  ];
}

function findContradictions({ name, bridge, members, primary }: BondSpec): readonly HostNetworkProblem[] {
  const problems: HostNetworkProblem[] = [];
  if (members.length === 0) problems.push({ subject: name, message: "has no NIC" });
  if (new Set(members).size < members.length) problems.push({ subject: name, message: "has a NIC twice" });
  if (primary !== undefined && !members.includes(primary)) {
    problems.push({ subject: primary, message: `is primary and not a NIC of ${name}` });
  }
  if (new Set([bridge, name, ...members]).size < 2 + new Set(members).size) {
    problems.push({ subject: name, message: "bridge, bond and NICs need names of their own" });
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
function findNameProblems(
  observed: ObservedHostNetwork,
  { name, bridge }: BondSpec,
): readonly HostNetworkProblem[] {
  const port = findPort(observed, name);
  if (port !== undefined && port.bridge !== bridge) {
    return [{ subject: name, message: `is on the bridge ${port.bridge}, not ${bridge}` }];
  }
  if (port === undefined && observed.links.some((link) => link.name === name)) {
    return [
      {
        subject: name,
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
  bond: BondSpec,
): readonly HostNetworkProblem[] {
  const link = observed.links.find(({ name }) => name === nic);
  if (link === undefined) return [{ subject: nic, message: "is not there" }];
  const problems: HostNetworkProblem[] = [];
  const owner = findMembership(observed, nic);
  if (owner !== undefined && owner !== bond.name) {
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
