import { afterEach, expect } from "vitest";
import { Links } from "../../../../provisioner/drivers/links.ts";
import { openOvs } from "../../../../provisioner/drivers/ovs.ts";
import type { BondSpec } from "../../../../provisioner/drivers/ovs-bonds.ts";
import {
  observeHostNetwork,
  type Reversible,
  reversibleNetworkChange,
} from "../../../../provisioner/host-network/apply.ts";
import { type HostNetworkSpec, planHostNetwork } from "../../../../provisioner/host-network/plan.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { toldNamespaces } from "../../../support/namespaces.ts";
import { standInForSwitch, startDatabase } from "../../../support/ovs-database.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const bond: BondSpec = {
  name: "bond0",
  bridge: "br0",
  members: ["eno1", "eno2"],
  primary: "eno1",
  trunks: [100, 200],
  updelayMs: 200,
};
const wanted: HostNetworkSpec = { bridge: "br0", datapath: "netdev", bond };
const other: HostNetworkSpec = { ...wanted, bond: { ...bond, members: ["eno2"], primary: undefined } };

testIf(hasCommand("ovsdb-server"))(
  "a plan carried out leaves nothing to do, so does its change, and each is taken back",
  async () => {
    const server = await startDatabase(cleanup);
    await standInForSwitch(server, cleanup, () => undefined);
    const ovs = await openOvs({ remote: server.remote, log: recordLog() });
    cleanup.add("driver", () => ovs.close());
    const { changes, run } = toldNamespaces({ "/home": { eno1: "a", eno2: "b" } });
    const drivers = { ovs, links: new Links({ home: "/home", run }) };
    const made: Reversible[] = [];
    const kindsOf = async (spec: HostNetworkSpec): Promise<string[]> => {
      const plan = planHostNetwork(await observeHostNetwork(drivers), spec);
      expect(plan.problems).toEqual([]);
      for (const change of plan.changes) {
        const reversible = reversibleNetworkChange(change, drivers);
        await reversible.make();
        made.push(reversible);
      }
      return plan.changes.map(({ kind }) => kind);
    };

    expect(await kindsOf(wanted)).toEqual(["createBridge", "createBond"]);
    expect(await kindsOf(wanted)).toEqual([]);
    expect(await kindsOf(other)).toEqual(["changeBond"]);
    expect(await kindsOf(other)).toEqual([]);

    await reversibleNetworkChange({ kind: "raiseNic", name: "eno1" }, drivers).make();
    expect(changes).toEqual(["/home: link set dev lo up", "/home: link set dev eno1 up"]);

    await made.pop()?.undo();
    expect(await kindsOf(wanted)).toEqual([]);
    for (const reversible of made.toReversed()) await reversible.undo();
    expect(ovs.bridges()).toEqual([]);
  },
);

testIf(hasCommand("ovsdb-server"))("a NIC that the switch cannot use is an error", async () => {
  const server = await startDatabase(cleanup);
  await standInForSwitch(server, cleanup, (name) => (name === "eno2" ? "No such device" : undefined));
  const ovs = await openOvs({ remote: server.remote, log: recordLog() });
  cleanup.add("driver", () => ovs.close());
  const drivers = { ovs, links: new Links({ home: "/home" }) };
  await reversibleNetworkChange({ kind: "createBridge", name: "br0", datapath: "netdev" }, drivers).make();
  const createBond = reversibleNetworkChange({ kind: "createBond", bond }, drivers);

  await expect(createBond.make()).rejects.toThrow("bond bond0: eno2: No such device");
  await createBond.undo();

  expect(ovs.bridges()[0]?.ports.map(({ name }) => name)).toEqual(["br0"]);
});
