import fc from "fast-check";
import { expect, test } from "vitest";
import type { LinkState } from "../../../../provisioner/drivers/links-state.ts";
import type { BondSpec } from "../../../../provisioner/drivers/ovs-bonds.ts";
import type { OvsBridge, OvsPort } from "../../../../provisioner/drivers/ovs-tables.ts";
import {
  type HostNetworkChange,
  type HostNetworkSpec,
  type ObservedHostNetwork,
  planHostNetwork,
} from "../../../../provisioner/host-network/plan.ts";

const bond: BondSpec = {
  name: "bond0",
  bridge: "br0",
  members: ["eno1", "eno2"],
  primary: "eno1",
  trunks: [100, 200],
  updelayMs: 200,
};
const wanted: HostNetworkSpec = { bridge: "br0", datapath: "system", bond };

/** Wanted, with another bond. */
const withBond = (changes: Partial<BondSpec>): HostNetworkSpec => {
  const changed = { ...bond, ...changes };
  return { ...wanted, bridge: changed.bridge, bond: changed };
};

const nic = (name: string, changes: Partial<LinkState> = {}): LinkState => ({
  name,
  mac: "02:00:00:00:00:01",
  mtu: 1500,
  isUp: true,
  hasCarrier: true,
  addresses: [],
  gateway: undefined,
  ...changes,
});

const bridge = (name: string, ports: readonly OvsPort[] = []): OvsBridge => ({
  uuid: name,
  name,
  datapath: "system",
  ports,
});

/** The port that the driver makes of a bond. */
const portOf = (bond: BondSpec): OvsPort => ({
  uuid: bond.name,
  name: bond.name,
  bridge: bond.bridge,
  tag: undefined,
  trunks: bond.trunks,
  vlanMode: "trunk",
  bondMode: "active-backup",
  bondUpdelayMs: bond.updelayMs,
  bondActiveMac: undefined,
  lacp: "off",
  otherConfig: new Map([
    ["bond-detect-mode", "carrier"],
    ...(bond.primary === undefined ? [] : [["bond-primary", bond.primary] as const]),
  ]),
  externalIds: new Map(),
  interfaces: bond.members.map((name) => ({
    uuid: name,
    name,
    type: "",
    mac: undefined,
    macInUse: undefined,
    ofport: 1,
    error: undefined,
    ifindex: 1,
    isLinkUp: true,
  })),
});

const bare: ObservedHostNetwork = { bridges: [], links: [nic("eno1", { isUp: false }), nic("eno2")] };

test("from nothing: bridge, NICs, bond", () => {
  expect(planHostNetwork(bare, wanted)).toEqual({
    changes: [
      { kind: "createBridge", name: "br0", datapath: "system" },
      { kind: "raiseNic", name: "eno1" },
      { kind: "createBond", bond },
    ],
    problems: [],
  });
});

test("a bridge alone", () => {
  expect(planHostNetwork(bare, { bridge: "br0", datapath: "netdev" })).toEqual({
    changes: [{ kind: "createBridge", name: "br0", datapath: "netdev" }],
    problems: [],
  });
});

test("a bond that differs is changed, and says in what", () => {
  const plan = planHostNetwork(observe(bare, wanted), withBond({ trunks: [100, 200, 300] }));

  expect(plan.problems).toEqual([]);
  expect(plan.changes).toMatchObject([
    { kind: "changeBond", differences: ["VLANs 100 200, not 100 200 300"] },
  ]);
});

test("whatever is wanted, what the plan makes needs no second one", () => {
  const spec = fc.record({
    name: fc.constantFrom("bond0", "bond1"),
    bridge: fc.constantFrom("br0", "br1"),
    members: fc.uniqueArray(fc.constantFrom("eno1", "eno2", "eno3"), { minLength: 1 }),
    trunks: fc.uniqueArray(fc.integer({ min: 1, max: 4094 }), { maxLength: 5 }),
    updelayMs: fc.nat(1000),
  });

  fc.assert(
    fc.property(spec, fc.nat(2), (shallBe, preferred) => {
      const full = withBond({ ...shallBe, primary: shallBe.members[preferred] });
      const after = observe({ ...bare, links: [...bare.links, nic("eno3")] }, full);
      expect(planHostNetwork(after, full)).toEqual({ changes: [], problems: [] });
    }),
  );
});

const problems = (observed: ObservedHostNetwork, spec: HostNetworkSpec = wanted): string[] =>
  planHostNetwork(observed, spec).problems.map(({ subject, message }) => `${subject}: ${message}`);

test("what the document gets wrong", () => {
  expect(problems(bare, withBond({ members: [], primary: undefined }))).toEqual(["bond0: has no NIC"]);
  expect(problems(bare, withBond({ members: ["eno2", "eno2"] }))).toEqual([
    "bond0: has a NIC twice",
    "eno1: is primary and not a NIC of bond0",
  ]);
  expect(problems(bare, withBond({ name: "br0" }))).toEqual([
    "br0: bridge, bond and NICs need names of their own",
  ]);
});

test("what the host has that is in the way", () => {
  expect(problems({ ...bare, bridges: [bridge("br0")] }, { ...wanted, datapath: "netdev" })).toEqual([
    "br0: has the system datapath, not netdev",
  ]);
  expect(problems({ ...bare, links: [...bare.links, nic("bond0")] })).toEqual([
    "bond0: is the name of a device already",
  ]);
  expect(problems({ ...bare, links: [nic("eno2")] })).toEqual(["eno1: is not there"]);
  const elsewhere = observe(bare, withBond({ bridge: "br1", name: "uplink" }));
  expect(problems(elsewhere)).toEqual([
    "eno1: belongs to the port uplink",
    "eno2: belongs to the port uplink",
  ]);
  expect(problems(observe(bare, withBond({ bridge: "br1" })))).toEqual([
    "bond0: is on the bridge br1, not br0",
  ]);
});

test("a NIC that carries the host's own traffic is not taken from under it", () => {
  const used = nic("eno1", { addresses: ["192.0.2.4/24"], gateway: "192.0.2.1" });

  expect(problems({ bridges: [], links: [used, nic("eno2")] })).toEqual([
    "eno1: carries 192.0.2.4/24, the default route, which stops to work in a bond",
  ]);
});

/** What is there after the plan has been carried out. */
function observe(before: ObservedHostNetwork, spec: HostNetworkSpec): ObservedHostNetwork {
  return planHostNetwork(before, spec).changes.reduce(applyToModel, before);
}

function applyToModel(now: ObservedHostNetwork, change: HostNetworkChange): ObservedHostNetwork {
  switch (change.kind) {
    case "createBridge":
      return { ...now, bridges: [...now.bridges, bridge(change.name)] };
    case "raiseNic":
      return {
        ...now,
        links: now.links.map((link) => (link.name === change.name ? { ...link, isUp: true } : link)),
      };
    case "createBond":
    case "changeBond": {
      const port = portOf(change.bond);
      const bridges = now.bridges.map((each) =>
        each.name === port.bridge
          ? { ...each, ports: [...each.ports.filter(({ name }) => name !== port.name), port] }
          : each,
      );
      return { ...now, bridges };
    }
  }
}
