/*
 * Bridge    {"name":"br0","ports":["set",[["uuid","…"],["uuid","…"]]],"datapath_type":"netdev",…}
 * Port      {"name":"c1","interfaces":["uuid","…"],"tag":100,"external_ids":["map",[["plimsoll-id","…"]]],…}
 * Interface {"name":"c1","type":"internal","ofport":1,"error":["set",[]],"ifindex":0,…}
 *
 * ovs-vswitchd.conf.db(5). `statistics` is left out: it would wake every client every five seconds.
 */
import { COMMIT_COLUMNS } from "../ovsdb/commit.ts";
import type { MonitoredTables, Tables } from "../ovsdb/table-replica.ts";
import {
  decodeMap,
  decodeNumbers,
  decodeOptionalNumber,
  decodeOptionalText,
  decodeText,
  decodeUuids,
  type Row,
} from "../ovsdb/values.ts";

export const SWITCH_TABLES: MonitoredTables = {
  Open_vSwitch: COMMIT_COLUMNS,
  Bridge: ["name", "ports", "datapath_type"],
  Port: [
    "name",
    "interfaces",
    "tag",
    "trunks",
    "vlan_mode",
    "bond_mode",
    "bond_updelay",
    "bond_active_slave",
    "lacp",
    "other_config",
    "external_ids",
  ],
  Interface: ["name", "type", "mac", "mac_in_use", "ofport", "error", "ifindex", "link_state"],
};

/** Which implementation forwards: the kernel's module, or ovs-vswitchd itself over tap devices. */
export type Datapath = "system" | "netdev";

export interface OvsInterface {
  readonly uuid: string;
  readonly name: string;
  /** `internal`: a device that Open vSwitch makes; empty: one that exists. */
  readonly type: string;
  /** The address asked for. */
  readonly mac: string | undefined;
  readonly macInUse: string | undefined;
  /** OpenFlow port number, at least 1 once it works; -1 when it could not be set up. */
  readonly ofport: number | undefined;
  readonly error: string | undefined;
  /** Of the device, 0 while ovs-vswitchd does not see it in its own network namespace. */
  readonly ifindex: number;
  readonly isLinkUp: boolean;
}

export interface OvsPort {
  readonly uuid: string;
  readonly name: string;
  readonly bridge: string;
  /** The VLAN of an access port. */
  readonly tag: number | undefined;
  readonly trunks: readonly number[];
  readonly vlanMode: string | undefined;
  readonly bondMode: string | undefined;
  readonly bondUpdelayMs: number;
  readonly bondActiveMac: string | undefined;
  readonly lacp: string | undefined;
  readonly otherConfig: ReadonlyMap<string, string>;
  readonly externalIds: ReadonlyMap<string, string>;
  readonly interfaces: readonly OvsInterface[];
}

export interface OvsBridge {
  readonly uuid: string;
  readonly name: string;
  readonly datapath: Datapath;
  readonly ports: readonly OvsPort[];
}

export function parseBridges(tables: Tables): readonly OvsBridge[] {
  return [...tables.rows("Bridge")].map(([uuid, row]) => {
    const name = decodeText(row, "name");
    return {
      uuid,
      name,
      datapath: decodeText(row, "datapath_type") === "netdev" ? "netdev" : "system",
      ports: rowsOf(tables, "Port", decodeUuids(row, "ports")).map(([port, columns]) =>
        parsePort(tables, name, port, columns),
      ),
    };
  });
}

function parsePort(tables: Tables, bridge: string, uuid: string, row: Row): OvsPort {
  return {
    uuid,
    name: decodeText(row, "name"),
    bridge,
    tag: decodeOptionalNumber(row, "tag"),
    trunks: decodeNumbers(row, "trunks"),
    vlanMode: decodeOptionalText(row, "vlan_mode"),
    bondMode: decodeOptionalText(row, "bond_mode"),
    bondUpdelayMs: decodeOptionalNumber(row, "bond_updelay") ?? 0,
    bondActiveMac: decodeOptionalText(row, "bond_active_slave"),
    lacp: decodeOptionalText(row, "lacp"),
    otherConfig: decodeMap(row, "other_config"),
    externalIds: decodeMap(row, "external_ids"),
    interfaces: rowsOf(tables, "Interface", decodeUuids(row, "interfaces")).map(([id, columns]) =>
      parseInterface(id, columns),
    ),
  };
}

function parseInterface(uuid: string, row: Row): OvsInterface {
  return {
    uuid,
    name: decodeText(row, "name"),
    type: decodeText(row, "type"),
    mac: decodeOptionalText(row, "mac"),
    macInUse: decodeOptionalText(row, "mac_in_use"),
    ofport: decodeOptionalNumber(row, "ofport"),
    error: decodeOptionalText(row, "error"),
    ifindex: decodeOptionalNumber(row, "ifindex") ?? 0,
    isLinkUp: decodeOptionalText(row, "link_state") === "up",
  };
}

/** Within one update every reference has its row: the server checks that. */
function rowsOf(
  tables: Tables,
  table: string,
  uuids: readonly string[],
): readonly (readonly [string, Row])[] {
  const rows = tables.rows(table);
  return uuids.flatMap((uuid) => {
    const row = rows.get(uuid);
    return row === undefined ? [] : [[uuid, row] as const];
  });
}
