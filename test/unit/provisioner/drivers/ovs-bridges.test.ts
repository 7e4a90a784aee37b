import { expect, test } from "vitest";
import { addBridge, findBridgeProblem, removeBridge } from "../../../../provisioner/drivers/ovs-bridges.ts";
import type { OvsBridge } from "../../../../provisioner/drivers/ovs-tables.ts";

const wanted = { name: "br0", datapath: "netdev" } as const;
const bridge = (ofport: number | undefined): OvsBridge => ({
  uuid: "b",
  name: "br0",
  datapath: "netdev",
  ports: [{ name: "br0", interfaces: [{ ofport }] }] as unknown as OvsBridge["ports"],
});

test("a bridge has a port of its own name and works without a controller", () => {
  expect(addBridge(wanted)).toMatchObject([
    { op: "wait", table: "Bridge" },
    { table: "Interface", row: { name: "br0", type: "internal" } },
    { table: "Port", row: { name: "br0" } },
    { table: "Bridge", row: { datapath_type: "netdev", fail_mode: "standalone" } },
    { op: "mutate", table: "Open_vSwitch" },
  ]);
  expect(() => addBridge({ ...wanted, name: "a b" })).toThrow("is not a device name");
  expect(removeBridge(bridge(65_534))).toMatchObject({ mutations: [["bridges", "delete", ["uuid", "b"]]] });
});

test("a bridge whose own port has no number has no datapath", () => {
  expect(findBridgeProblem(bridge(65_534), wanted)).toBeUndefined();
  expect(findBridgeProblem(bridge(undefined), wanted)).toBe("ovs-vswitchd made no port of it");
  expect(findBridgeProblem({ ...bridge(1), ports: [] }, wanted)).toBe("has no port of its own");
  expect(findBridgeProblem(bridge(65_534), { ...wanted, datapath: "system" })).toBe(
    "has the netdev datapath, not system",
  );
  expect(findBridgeProblem(undefined, wanted)).toBe("is not there");
});
