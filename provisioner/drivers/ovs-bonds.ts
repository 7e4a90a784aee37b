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
  return findBondDifferences(observed, wanted).length === 0 ? [] : updateBond(observed, wanted);
}

/** What of a bond is not as wanted, for a reader; empty when all is. */
export function findBondDifferences(observed: OvsPort, wanted: BondSpec): readonly string[] {
  const is = describe(observed);
  const shallBe = describeWanted(wanted);
  return Object.entries(shallBe)
    .map(([property, value]) => ({ property, value, found: is[property] ?? "" }))
    .filter(({ value, found }) => value !== found)
    .map(({ property, value, found }) => `${property} ${found || "none"}, not ${value || "none"}`);
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

/** Each property as a text to show and to compare. */
function describe(port: OvsPort): Readonly<Record<string, string>> {
  const { "bond-detect-mode": detect, "bond-primary": primary } = Object.fromEntries(port.otherConfig);
  return {
    members: sorted(port.interfaces.map(({ name }) => name)),
    primary: primary ?? "",
    VLANs: sorted(port.trunks),
    mode: [port.bondMode, port.lacp, port.vlanMode, port.tag, detect].filter(Boolean).join(" "),
    updelay: `${port.bondUpdelayMs} ms`,
  };
}

function describeWanted(wanted: BondSpec): Readonly<Record<string, string>> {
  return {
    members: sorted(wanted.members),
    primary: wanted.primary ?? "",
    VLANs: sorted(wanted.trunks),
    mode: "active-backup off trunk carrier",
    updelay: `${wanted.updelayMs} ms`,
  };
}

function sorted(items: readonly (string | number)[]): string {
  return [...items]
    .map(String)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .join(" ");
}

function checkSpec({ name, members, trunks }: BondSpec): void {
  for (const device of [name, ...members]) requireDeviceName(device);
  for (const vlan of trunks) requireVlan(vlan);
}
