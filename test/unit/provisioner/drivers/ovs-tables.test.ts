import { expect, test } from "vitest";
import { parseBridges, SWITCH_TABLES } from "../../../../provisioner/drivers/ovs-tables.ts";
import { TableReplica } from "../../../../provisioner/ovsdb/table-replica.ts";

const NONE = ["set", []];
const port = {
  name: "c1",
  interfaces: ["uuid", "i1"],
  tag: 100,
  trunks: NONE,
  vlan_mode: "access",
  bond_mode: NONE,
  bond_updelay: 0,
  bond_active_slave: NONE,
  lacp: NONE,
  other_config: ["map", []],
  external_ids: ["map", [["plimsoll-id", "c1"]]],
};
const device = {
  name: "c1",
  type: "internal",
  mac: "02:00:0a:0a:00:01",
  mac_in_use: NONE,
  ofport: 1,
  error: NONE,
  ifindex: NONE,
  link_state: "down",
};

test("bridges with their ports and interfaces", () => {
  const tables = new TableReplica(SWITCH_TABLES);
  tables.apply({
    Open_vSwitch: { o: { new: { cur_cfg: 1 } } },
    Bridge: {
      b: { new: { name: "br0", ports: ["uuid", "p1"], datapath_type: "netdev" } },
      e: { new: { name: "br1", ports: NONE, datapath_type: "" } },
    },
    Port: { p1: { new: port } },
    Interface: { i1: { new: device } },
  });

  expect(parseBridges(tables)).toEqual([
    {
      uuid: "b",
      name: "br0",
      datapath: "netdev",
      ports: [
        {
          uuid: "p1",
          name: "c1",
          bridge: "br0",
          tag: 100,
          trunks: [],
          vlanMode: "access",
          bondMode: undefined,
          bondUpdelayMs: 0,
          bondActiveMac: undefined,
          lacp: undefined,
          otherConfig: new Map(),
          externalIds: new Map([["plimsoll-id", "c1"]]),
          interfaces: [
            {
              uuid: "i1",
              name: "c1",
              type: "internal",
              mac: "02:00:0a:0a:00:01",
              macInUse: undefined,
              ofport: 1,
              error: undefined,
              ifindex: 0,
              isLinkUp: false,
            },
          ],
        },
      ],
    },
    { uuid: "e", name: "br1", datapath: "system", ports: [] },
  ]);
});

test("an empty database has no bridge", () => {
  expect(parseBridges(new TableReplica(SWITCH_TABLES))).toEqual([]);
});
