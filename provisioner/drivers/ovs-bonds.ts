import { PlimsollError } from "../../core/runtime/errors.ts";
import { type NewRow, type Operation, requireAbsent } from "../ovsdb/operations.ts";
import { type Atom, encodeMap, encodeSet, encodeUuid } from "../ovsdb/values.ts";
import { requireDeviceName, requireVlan } from "./ovs-names.ts";
import { findProblem } from "./ovs-ports.ts";
import type { OvsPort } from "./ovs-tables.ts";

/** The host's uplink: NICs of which one carries traffic, as a trunk of VLANs. */
export interface BondSpec {
  readonly name: string;
  readonly bridge: string;
  /** One is allowed: a trunk that becomes a bond when the second comes. */
  readonly members: readonly string[];
  /** Used whenever it has carrier. */
  readonly primary?: string | undefined;
  /** VLANs let through; none listed means all. */
  readonly trunks: readonly number[];
  /** How long a carrier must last before its NIC is used again. */
  readonly updelayMs: number;
}

export interface BondState {
  readonly name: string;
  readonly members: readonly BondMember[];
}

export interface BondMember {
  readonly name: string;
  readonly hasCarrier: boolean;
  readonly isActive: boolean;
  readonly problem: string | undefined;
}

/** What makes the bond be as wanted; nothing if it is. */
export function planBond(observed: OvsPort | undefined, wanted: BondSpec): readonly Operation[] {
  checkSpec(wanted);
  if (observed === undefined) return addBond(wanted);
  if (observed.bridge !== wanted.bridge) {
    throw new PlimsollError("OVS_PORT_TAKEN", `bond ${wanted.name}: is on the bridge ${observed.bridge}`);
  }
  const isSame = JSON.stringify(describe(observed)) === JSON.stringify(describeWanted(wanted));
  return isSame ? [] : updateBond(observed, wanted);
}

export function parseBondState(port: OvsPort): BondState {
  return {
    name: port.name,
    members: port.interfaces.map((member) => ({
      name: member.name,
      hasCarrier: member.isLinkUp,
      isActive: member.macInUse !== undefined && member.macInUse === port.bondActiveMac,
      problem: findProblem(member),
    })),
  };
}

function addBond(wanted: BondSpec): readonly Operation[] {
  const { inserts, references } = memberRows(wanted.members, undefined);
  return [
    requireAbsent("Port", wanted.name),
    ...inserts,
    {
      op: "insert",
      table: "Port",
      row: { name: wanted.name, interfaces: encodeSet(references), ...columns(wanted) },
      "uuid-name": "bond",
    },
    {
      op: "mutate",
      table: "Bridge",
      where: [["name", "==", wanted.bridge]],
      mutations: [["ports", "insert", encodeSet([["named-uuid", "bond"]])]],
    },
  ];
}

/** Members that stay keep their rows, so that their traffic goes on. */
function updateBond(observed: OvsPort, wanted: BondSpec): readonly Operation[] {
  const { inserts, references } = memberRows(wanted.members, observed);
  return [
    ...inserts,
    {
      op: "update",
      table: "Port",
      where: [["_uuid", "==", encodeUuid(observed.uuid)]],
      row: { interfaces: encodeSet(references), ...columns(wanted) },
    },
  ];
}

function memberRows(
  members: readonly string[],
  observed: OvsPort | undefined,
): { readonly inserts: readonly Operation[]; readonly references: readonly Atom[] } {
  const inserts: Operation[] = [];
  const references = members.map((name, index): Atom => {
    const known = observed?.interfaces.find((member) => member.name === name);
    if (known !== undefined) return encodeUuid(known.uuid);
    inserts.push({ op: "insert", table: "Interface", row: { name }, "uuid-name": `member_${index}` });
    return ["named-uuid", `member_${index}`];
  });
  return { inserts, references };
}

function columns(wanted: BondSpec): NewRow {
  return {
    bond_mode: "active-backup",
    lacp: "off",
    bond_updelay: wanted.updelayMs,
    vlan_mode: "trunk",
    tag: encodeSet([]),
    trunks: encodeSet(wanted.trunks),
    other_config: encodeMap(otherConfig(wanted)),
  };
}

/** Carrier, not miimon's polling: the kernel tells at once. */
function otherConfig({ primary }: BondSpec): Readonly<Record<string, string>> {
  return {
    "bond-detect-mode": "carrier",
    ...(primary === undefined ? {} : { "bond-primary": primary }),
  };
}

/** What is compared, in one order. */
function describe(port: OvsPort): unknown {
  return {
    members: port.interfaces.map(({ name }) => name).sort(),
    mode: [port.bondMode, port.lacp, port.vlanMode, port.bondUpdelayMs, port.tag ?? null],
    trunks: [...port.trunks].sort((a, b) => a - b),
    other: [...port.otherConfig].sort(),
  };
}

function describeWanted(wanted: BondSpec): unknown {
  return {
    members: [...wanted.members].sort(),
    mode: ["active-backup", "off", "trunk", wanted.updelayMs, null],
    trunks: [...wanted.trunks].sort((a, b) => a - b),
    other: Object.entries(otherConfig(wanted)).sort(),
  };
}

function checkSpec({ name, members, trunks }: BondSpec): void {
  for (const device of [name, ...members]) requireDeviceName(device);
  for (const vlan of trunks) requireVlan(vlan);
}
