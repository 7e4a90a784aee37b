import { expect, test } from "vitest";
import {
  addPort,
  findProblem,
  type PortSpec,
  parsePortState,
  planPorts,
  removePort,
  setTag,
  updatePort,
} from "../../../../provisioner/drivers/ovs-ports.ts";
import type { OvsInterface, OvsPort } from "../../../../provisioner/drivers/ovs-tables.ts";

const wanted: PortSpec = {
  name: "c1",
  bridge: "br0",
  kind: "internal",
  vlan: 100,
  mac: "02:00:0a:0a:00:01",
  owner: { id: "one", generation: 1 },
};

function observed(changes: Partial<OvsPort> = {}, device: Partial<OvsInterface> = {}): OvsPort {
  return {
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
    externalIds: new Map([
      ["plimsoll-id", "one"],
      ["plimsoll-generation", "1"],
    ]),
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
        ...device,
      },
    ],
    ...changes,
  };
}

test("a port that is as wanted needs nothing", () => {
  expect(planPorts([observed()], [wanted])).toEqual({ remove: [], add: [], update: [] });
  expect(planPorts([observed()], [])).toEqual({ remove: [], add: [], update: [] });
});

test("a port that is absent is added", () => {
  expect(planPorts([], [wanted])).toEqual({ remove: [], add: [wanted], update: [] });
});

test("VLAN and generation change in place", () => {
  for (const change of [{ vlan: 200 }, { owner: { id: "one", generation: 2 } }]) {
    const port = observed();
    const next = { ...wanted, ...change };
    expect(planPorts([port], [next])).toEqual({ remove: [], add: [], update: [{ port, wanted: next }] });
  }
});

test("another device is needed for another bridge, kind or MAC address, and for one that failed", () => {
  const anew = (port: OvsPort, spec: PortSpec): void =>
    expect(planPorts([port], [spec])).toEqual({ remove: [port], add: [spec], update: [] });
  anew(observed(), { ...wanted, bridge: "br1" });
  anew(observed(), { ...wanted, kind: "veth" });
  anew(observed(), { ...wanted, mac: "02:00:0a:0a:00:02" });
  anew(observed({}, { ofport: -1, error: "no device" }), wanted);
  anew(observed({ interfaces: [] }), wanted);
});

test("the MAC address of a pair is not Open vSwitch's", () => {
  const port = observed({}, { type: "", mac: undefined });

  expect(planPorts([port], [{ ...wanted, kind: "veth", mac: "02:00:00:00:00:09" }])).toEqual({
    remove: [],
    add: [],
    update: [],
  });
});

test("ports of others and of a newer generation are refused", () => {
  const plan = (externalIds: Record<string, string>) => (): unknown =>
    planPorts([observed({ externalIds: new Map(Object.entries(externalIds)) })], [wanted]);
  expect(plan({})).toThrow("port c1: belongs to something else");
  expect(plan({ "plimsoll-id": "two" })).toThrow("port c1: belongs to two");
  expect(plan({ "plimsoll-id": "one", "plimsoll-generation": "2" })).toThrow(
    "port c1: is of generation 2, newer than 1",
  );
});

test("what Open vSwitch would take, and have no device, is refused", () => {
  expect(() => planPorts([], [{ ...wanted, name: "a".repeat(16) }])).toThrow("is not a device name");
  expect(() => planPorts([], [{ ...wanted, vlan: 0 }])).toThrow("is not a VLAN");
  expect(() => planPorts([], [{ ...wanted, mac: "x" }])).toThrow("is not a unicast MAC address");
});

test("the rows of a port, tied to those of its bridge", () => {
  const [guard, device, port, reference] = addPort(wanted, "7");

  expect(guard).toMatchObject({ op: "wait", table: "Port", timeout: 0 });
  expect(device).toMatchObject({
    row: { name: "c1", type: "internal", mac: wanted.mac },
    "uuid-name": "interface_7",
  });
  expect(port).toMatchObject({
    row: { tag: 100, vlan_mode: "access", interfaces: ["named-uuid", "interface_7"] },
  });
  expect(reference).toMatchObject({ table: "Bridge", where: [["name", "==", "br0"]] });
  expect(addPort({ ...wanted, kind: "veth" }, "0")[1]).toMatchObject({ row: { name: "c1", type: "" } });
});

test("changes find their row by its UUID", () => {
  expect(removePort(observed())).toMatchObject({ where: [["ports", "includes", ["uuid", "p1"]]] });
  expect(updatePort(observed(), { ...wanted, vlan: 200 })).toMatchObject({
    where: [["_uuid", "==", ["uuid", "p1"]]],
    row: { tag: 200 },
  });
  expect(setTag(observed(), 300)).toMatchObject({ row: { tag: 300 } });
  expect(() => setTag(observed(), 5000)).toThrow("5000 is not a VLAN");
});

test("the state of a port of ours, and of no other", () => {
  expect(parsePortState(observed({}, { ifindex: 7 }))).toEqual({
    name: "c1",
    bridge: "br0",
    kind: "internal",
    vlan: 100,
    mac: "02:00:0a:0a:00:01",
    owner: { id: "one", generation: 1 },
    ofport: 1,
    problem: undefined,
    isHome: true,
  });
  expect(parsePortState(observed({ externalIds: new Map() }))).toBeUndefined();
});

test("success is no error and a number", () => {
  const problem = (device: Partial<OvsInterface>): string | undefined => {
    const [it] = observed({}, device).interfaces;
    return it && findProblem(it);
  };
  expect(problem({})).toBeUndefined();
  expect(problem({ ofport: -1, error: "no device" })).toBe("no device");
  expect(problem({ ofport: -1 })).toBe("ovs-vswitchd made no port of it");
  expect(problem({ ofport: undefined })).toBe("ovs-vswitchd made no port of it");
});
