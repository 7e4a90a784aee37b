import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Operation, requireAbsent } from "../ovsdb/operations.ts";
import { encodeMap, encodeSet, encodeUuid } from "../ovsdb/values.ts";
import { requireDeviceName, requireMac, requireVlan } from "./ovs-names.ts";
import type { OvsInterface, OvsPort } from "./ovs-tables.ts";

/** Who made the device: Open vSwitch an `internal` port, or the links driver a `veth` pair before. */
export type PortKind = "internal" | "veth";

/** Whose port it is. A name may be used again, an id may not; the generation grows with each rebuild. */
export interface PortOwner {
  readonly id: string;
  readonly generation: number;
}

/** An access port of one container. */
export interface PortSpec {
  readonly name: string;
  readonly bridge: string;
  readonly kind: PortKind;
  readonly vlan: number;
  /** Of the container. With `veth` it is the other end's, which Open vSwitch does not know. */
  readonly mac: string;
  readonly owner: PortOwner;
}

/** A port of ours as Open vSwitch has it. */
export interface PortState {
  readonly name: string;
  readonly bridge: string;
  readonly kind: PortKind;
  readonly vlan: number | undefined;
  /** The address that Open vSwitch gave the device; undefined for `veth`. */
  readonly mac: string | undefined;
  readonly owner: PortOwner;
  readonly ofport: number | undefined;
  /** Why it does not work. A device whose namespace has died is not noticed: look inside as well. */
  readonly problem: string | undefined;
  /**
   * The device is in ovs-vswitchd's own namespace. After a restart of ovs-vswitchd on the userspace
   * datapath that tells a new device, not yet moved. False is weaker: a database that has restarted
   * does not know, nor does the kernel's datapath tell.
   */
  readonly isHome: boolean;
}

export interface PortChanges {
  readonly remove: readonly OvsPort[];
  readonly add: readonly PortSpec[];
  readonly update: readonly { readonly port: OvsPort; readonly wanted: PortSpec }[];
}

const ID = "plimsoll-id";
const GENERATION = "plimsoll-generation";

/** What makes the wanted ports be there. Throws when a name is another's, or a newer generation's. */
export function planPorts(observed: readonly OvsPort[], wanted: readonly PortSpec[]): PortChanges {
  const byName = new Map(observed.map((port) => [port.name, port]));
  const pairs = wanted.map((spec) => ({ port: byName.get(spec.name), wanted: spec }));
  const remove: OvsPort[] = [];
  const add: PortSpec[] = [];
  const update: { port: OvsPort; wanted: PortSpec }[] = [];
  for (const { port, wanted } of pairs) {
    checkSpec(wanted);
    if (port === undefined) {
      add.push(wanted);
      continue;
    }
    checkOwner(port, wanted.owner);
    if (mustBeMadeAnew(port, wanted)) {
      remove.push(port);
      add.push(wanted);
    } else if (port.tag !== wanted.vlan || parseOwner(port)?.generation !== wanted.owner.generation) {
      update.push({ port, wanted });
    }
  }
  return { remove, add, update };
}

/** `key` tells the rows of this port from those of others in the transaction. */
export function addPort(spec: PortSpec, key: string): readonly Operation[] {
  const { name, bridge, kind, vlan, mac } = spec;
  const device = kind === "internal" ? { type: "internal", mac } : { type: "" };
  return [
    requireAbsent("Port", name),
    { op: "insert", table: "Interface", row: { name, ...device }, "uuid-name": `interface_${key}` },
    {
      op: "insert",
      table: "Port",
      row: {
        name,
        interfaces: ["named-uuid", `interface_${key}`],
        tag: vlan,
        vlan_mode: "access",
        external_ids: encodeOwner(spec.owner),
      },
      "uuid-name": `port_${key}`,
    },
    {
      op: "mutate",
      table: "Bridge",
      where: [["name", "==", bridge]],
      mutations: [["ports", "insert", encodeSet([["named-uuid", `port_${key}`]])]],
    },
  ];
}

/** A row that nothing refers to is deleted by the server: port and interface go with the reference. */
export function removePort(port: OvsPort): Operation {
  return {
    op: "mutate",
    table: "Bridge",
    where: [["ports", "includes", encodeUuid(port.uuid)]],
    mutations: [["ports", "delete", encodeUuid(port.uuid)]],
  };
}

export function updatePort(port: OvsPort, wanted: PortSpec): Operation {
  return {
    op: "update",
    table: "Port",
    where: [["_uuid", "==", encodeUuid(port.uuid)]],
    row: { tag: wanted.vlan, external_ids: encodeOwner(wanted.owner) },
  };
}

export function setTag(port: OvsPort, vlan: number): Operation {
  requireVlan(vlan);
  return { op: "update", table: "Port", where: [["_uuid", "==", encodeUuid(port.uuid)]], row: { tag: vlan } };
}

/** The state of a port of ours, undefined for any other. */
export function parsePortState(port: OvsPort): PortState | undefined {
  const owner = parseOwner(port);
  const [device] = port.interfaces;
  if (owner === undefined || device === undefined) return undefined;
  return {
    name: port.name,
    bridge: port.bridge,
    kind: device.type === "internal" ? "internal" : "veth",
    vlan: port.tag,
    mac: device.mac,
    owner,
    ofport: device.ofport,
    problem: findProblem(device),
    isHome: device.ifindex !== 0,
  };
}

/** Success is no `error` and an `ofport`: ovs-vswitchd leaves one or the other, and no exit code tells. */
export function findProblem(device: OvsInterface): string | undefined {
  if (device.error !== undefined) return device.error;
  if (device.ofport === undefined || device.ofport < 1) return "ovs-vswitchd made no port of it";
  return undefined;
}

function checkSpec({ name, vlan, mac }: PortSpec): void {
  requireDeviceName(name);
  requireVlan(vlan);
  requireMac(mac);
}

function checkOwner(port: OvsPort, wanted: PortOwner): void {
  const owner = parseOwner(port);
  if (owner?.id !== wanted.id) {
    throw new PlimsollError(
      "OVS_PORT_TAKEN",
      `port ${port.name}: belongs to ${owner?.id ?? "something else"}`,
    );
  }
  if (owner.generation > wanted.generation) {
    const message = `port ${port.name}: is of generation ${owner.generation}, newer than ${wanted.generation}`;
    throw new PlimsollError("OVS_PORT_STALE", message);
  }
}

/** A change of these needs another device; one that failed is tried afresh. */
function mustBeMadeAnew(port: OvsPort, wanted: PortSpec): boolean {
  const state = parsePortState(port);
  if (state === undefined || state.problem !== undefined) return true;
  const isOther = state.bridge !== wanted.bridge || state.kind !== wanted.kind;
  return isOther || (wanted.kind === "internal" && state.mac !== wanted.mac);
}

function encodeOwner({ id, generation }: PortOwner): ReturnType<typeof encodeMap> {
  return encodeMap({ [ID]: id, [GENERATION]: String(generation) });
}

function parseOwner({ externalIds }: OvsPort): PortOwner | undefined {
  const id = externalIds.get(ID);
  return id === undefined ? undefined : { id, generation: Number(externalIds.get(GENERATION) ?? 0) };
}
