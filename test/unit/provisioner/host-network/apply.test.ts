import { afterEach, expect } from "vitest";
import { Links } from "../../../../provisioner/drivers/links.ts";
import { openOvs } from "../../../../provisioner/drivers/ovs.ts";
import { applyChange, observeHostNetwork } from "../../../../provisioner/host-network/apply.ts";
import { type HostNetworkSpec, planHostNetwork } from "../../../../provisioner/host-network/plan.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { toldNamespaces } from "../../../support/namespaces.ts";
import { standInForSwitch, startDatabase } from "../../../support/ovs-database.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const wanted: HostNetworkSpec = {
  bridge: "br0",
  datapath: "netdev",
  bond: "bond0",
  nics: ["eno1", "eno2"],
  primary: "eno1",
  vlans: [100, 200],
  updelayMs: 200,
};

testIf(hasCommand("ovsdb-server"))(
  "a plan carried out leaves nothing to do, and so does its change",
  async () => {
    const server = await startDatabase(cleanup);
    await standInForSwitch(server, cleanup, () => undefined);
    const ovs = await openOvs({ remote: server.remote, log: recordLog() });
    cleanup.add("driver", () => ovs.close());
    const { changes, run } = toldNamespaces({ "/home": { eno1: "a", eno2: "b" } });
    const drivers = { ovs, links: new Links({ home: "/home", run }) };
    const kindsOf = async (spec: HostNetworkSpec): Promise<string[]> => {
      const plan = planHostNetwork(await observeHostNetwork(drivers), spec);
      expect(plan.problems).toEqual([]);
      for (const change of plan.changes) await applyChange(change, drivers);
      return plan.changes.map(({ kind }) => kind);
    };

    expect(await kindsOf(wanted)).toEqual(["createBridge", "createBond"]);
    expect(await kindsOf(wanted)).toEqual([]);
    expect(await kindsOf({ ...wanted, nics: ["eno2"], primary: undefined })).toEqual(["changeBond"]);
    expect(await kindsOf({ ...wanted, nics: ["eno2"], primary: undefined })).toEqual([]);

    await applyChange({ kind: "raiseNic", name: "eno1" }, drivers);
    expect(changes).toEqual(["/home: link set dev lo up", "/home: link set dev eno1 up"]);
  },
);
