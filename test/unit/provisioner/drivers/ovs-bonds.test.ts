import { expect, test } from "vitest";
import {
  type BondSpec,
  findBondDifferences,
  parseBondState,
  planBond,
} from "../../../../provisioner/drivers/ovs-bonds.ts";
import type { OvsInterface, OvsPort } from "../../../../provisioner/drivers/ovs-tables.ts";

const wanted: BondSpec = {
  name: "bond0",
  bridge: "br0",
  members: ["p1", "p2"],
  primary: "p1",
  trunks: [200, 100],
  updelayMs: 200,
};

const member = (name: string, changes: Partial<OvsInterface> = {}): OvsInterface => ({
  uuid: `i-${name}`,
  name,
  type: "",
  mac: undefined,
  macInUse: `mac-of-${name}`,
  ofport: 1,
  error: undefined,
  ifindex: 7,
  isLinkUp: true,
  ...changes,
});

const observed = (changes: Partial<OvsPort> = {}): OvsPort => ({
  uuid: "bond",
  name: "bond0",
  bridge: "br0",
  tag: undefined,
  trunks: [100, 200],
  vlanMode: "trunk",
  bondMode: "active-backup",
  bondUpdelayMs: 200,
  bondActiveMac: "mac-of-p2",
  lacp: "off",
  otherConfig: new Map([
    ["bond-detect-mode", "carrier"],
    ["bond-primary", "p1"],
  ]),
  externalIds: new Map(),
  interfaces: [member("p2"), member("p1")],
  ...changes,
});

test("a bond that is as wanted needs nothing, in whatever order it is told", () => {
  expect(planBond(observed(), wanted)).toEqual([]);
});

test("a bond is made with its members", () => {
  expect(planBond(undefined, wanted)).toMatchObject([
    { op: "wait", table: "Port" },
    { op: "insert", table: "Interface", row: { name: "p1" } },
    { op: "insert", table: "Interface", row: { name: "p2" } },
    {
      row: {
        name: "bond0",
        bond_mode: "active-backup",
        lacp: "off",
        vlan_mode: "trunk",
        bond_updelay: 200,
        trunks: ["set", [200, 100]],
        interfaces: [
          "set",
          [
            ["named-uuid", "member_0"],
            ["named-uuid", "member_1"],
          ],
        ],
      },
    },
    { op: "mutate", table: "Bridge" },
  ]);
});

test("members that stay keep their rows", () => {
  expect(planBond(observed(), { ...wanted, members: ["p2", "p3"], primary: undefined })).toMatchObject([
    { op: "insert", row: { name: "p3" }, "uuid-name": "member_1" },
    {
      op: "update",
      row: {
        interfaces: [
          "set",
          [
            ["uuid", "i-p2"],
            ["named-uuid", "member_1"],
          ],
        ],
        other_config: ["map", [["bond-detect-mode", "carrier"]]],
      },
    },
  ]);
});

test("each difference is told", () => {
  const port = observed({
    tag: 7,
    bondMode: undefined,
    bondUpdelayMs: 0,
    trunks: [],
    otherConfig: new Map(),
  });

  expect(findBondDifferences(port, { ...wanted, members: ["p1"] })).toEqual([
    "members p1 p2, not p1",
    "primary none, not p1",
    "VLANs none, not 100 200",
    "mode off trunk 7, not active-backup off trunk carrier",
    "updelay 0 ms, not 200 ms",
  ]);
});

test("a bond on another bridge and names that are none are refused", () => {
  expect(() => planBond(observed({ bridge: "br1" }), wanted)).toThrow("bond bond0: is on the bridge br1");
  expect(() => planBond(undefined, { ...wanted, members: ["a b"] })).toThrow("is not a device name");
  expect(() => planBond(undefined, { ...wanted, trunks: [0] })).toThrow("is not a VLAN");
});

test("which member carries traffic, and what is wrong with the others", () => {
  const broken = member("p1", { ofport: -1, error: "no device", isLinkUp: false, macInUse: undefined });

  expect(parseBondState(observed({ interfaces: [member("p2"), broken] }))).toEqual({
    name: "bond0",
    members: [
      { name: "p2", hasCarrier: true, isActive: true, problem: undefined },
      { name: "p1", hasCarrier: false, isActive: false, problem: "no device" },
    ],
  });
});
