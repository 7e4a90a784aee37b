import { type Operation, requireAbsent } from "../ovsdb/operations.ts";
import { encodeSet, encodeUuid } from "../ovsdb/values.ts";
import { requireDeviceName } from "./ovs-names.ts";
import { findProblem } from "./ovs-ports.ts";
import type { Datapath, OvsBridge } from "./ovs-tables.ts";

export interface BridgeSpec {
  readonly name: string;
  readonly datapath: Datapath;
}

/** A bridge has a port of its own name, the host's end of it. Without flows of ours it learns and floods. */
export function addBridge({ name, datapath }: BridgeSpec): readonly Operation[] {
  requireDeviceName(name);
  return [
    requireAbsent("Bridge", name),
    { op: "insert", table: "Interface", row: { name, type: "internal" }, "uuid-name": "interface" },
    {
      op: "insert",
      table: "Port",
      row: { name, interfaces: ["named-uuid", "interface"] },
      "uuid-name": "port",
    },
    {
      op: "insert",
      table: "Bridge",
      row: { name, datapath_type: datapath, fail_mode: "standalone", ports: ["named-uuid", "port"] },
      "uuid-name": "bridge",
    },
    {
      op: "mutate",
      table: "Open_vSwitch",
      where: [],
      mutations: [["bridges", "insert", encodeSet([["named-uuid", "bridge"]])]],
    },
  ];
}

export function removeBridge({ uuid }: OvsBridge): Operation {
  return {
    op: "mutate",
    table: "Open_vSwitch",
    where: [],
    mutations: [["bridges", "delete", encodeUuid(uuid)]],
  };
}

/** Why the bridge is not as wanted. Without a datapath of its kind its own port has neither error nor number. */
export function findBridgeProblem(bridge: OvsBridge | undefined, wanted: BridgeSpec): string | undefined {
  if (bridge === undefined) return "is not there";
  // Changing it would cut every port for as long as vswitchd takes to make them all anew.
  if (bridge.datapath !== wanted.datapath)
    return `has the ${bridge.datapath} datapath, not ${wanted.datapath}`;
  const own = bridge.ports.find(({ name }) => name === bridge.name)?.interfaces[0];
  return own === undefined ? "has no port of its own" : findProblem(own);
}
