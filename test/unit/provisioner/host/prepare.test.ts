import { afterEach, expect, test } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import { Links } from "../../../../provisioner/drivers/links.ts";
import type { LinkState } from "../../../../provisioner/drivers/links-state.ts";
import { type Ovs, openOvs } from "../../../../provisioner/drivers/ovs.ts";
import { parseHostConfig } from "../../../../provisioner/host/config.ts";
import {
  findLost,
  type HostDrivers,
  planHost,
  prepareHost,
  renderPlan,
} from "../../../../provisioner/host/prepare.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { toldNamespaces } from "../../../support/namespaces.ts";
import { type DeviceErrors, standInForSwitch, startDatabase } from "../../../support/ovs-database.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const CONFIG = parseHostConfig("host.yaml", { name: "h1", bond: { nics: ["eno1", "eno2"] } });

/** A host whose switch has the errors it is told; it has lvm2, and one empty device in no group. */
async function openHost(
  errorOf: DeviceErrors,
): Promise<HostDrivers & { readonly ovs: Ovs; readonly seen: string[] }> {
  const server = await startDatabase(cleanup);
  await standInForSwitch(server, cleanup, errorOf);
  const ovs = await openOvs({ remote: server.remote, log: recordLog() });
  cleanup.add("driver", () => ovs.close());
  const links = new Links({ home: "/home", run: toldNamespaces({ "/home": { eno1: "a", eno2: "b" } }).run });
  const seen: string[] = [];
  const groups: object[] = [];
  const run: Exec = async ([command = "", ...args]) => {
    const answer = (stdout: string, code = 0) => ({ stdout, stderr: "", code });
    if (command === "ovs-dpctl") return answer("", 1);
    if (command === "dmsetup") return answer("Driver version: 4.47.0\n");
    if (command === "vgs") return answer(JSON.stringify({ report: [{ vg: groups }] }));
    if (command === "pvs") return answer(JSON.stringify({ report: [{ pv: [] }] }));
    if (command === "lvs") return answer(JSON.stringify({ report: [{ lv: [] }] }));
    seen.push([command, ...args].join(" "));
    if (command === "vgcreate")
      groups.push({ vg_name: "data", vg_size: "4194304", vg_free: "0", vg_extent_size: "4194304" });
    return answer("");
  };
  return { ovs, links, run, seen };
}

testIf(hasCommand("ovsdb-server"))("a plan made leaves nothing to do", async () => {
  const host = await openHost(() => undefined);
  const made: string[] = [];
  const plan = await planHost(CONFIG, host);
  expect(plan.problems).toEqual([]);

  await prepareHost(plan, host, recordLog(), (line) => made.push(line));

  expect(made).toEqual([
    "create bridge br0, netdev datapath",
    "create bond bond0 on br0: eno1, eno2, all VLANs",
  ]);
  expect(renderPlan(await planHost(CONFIG, host))).toEqual([]);
});

testIf(hasCommand("ovsdb-server"))("when a part fails, all that was made is taken back", async () => {
  const host = await openHost((name) => (name === "eno2" ? "No such device" : undefined));
  const plan = await planHost(CONFIG, host);
  const storage = [{ kind: "createGroup" as const, group: "data", devices: ["/dev/sdb"] }];

  await expect(prepareHost({ ...plan, storage }, host, recordLog(), () => {})).rejects.toMatchObject({
    message: "host not as wanted, all taken back",
    cause: { message: "bond bond0: eno2: No such device" },
  });

  expect(host.ovs.bridges()).toEqual([]);
  expect(host.seen).toEqual(["vgcreate --yes data /dev/sdb", "vgremove --yes data"]);
});

testIf(hasCommand("ovsdb-server"))(
  "storage and network are planned together, with what is in the way",
  async () => {
    const config = parseHostConfig("host.yaml", {
      bond: { nics: ["eno3"] },
      storage: { group: "data", thin: {} },
    });

    const { problems, storage } = await planHost(config, await openHost(() => undefined));

    expect(problems.map(({ subject }) => subject)).toEqual(["data", "eno3"]);
    expect(storage.map(({ kind }) => kind)).toEqual(["createGroup", "createPool"]);
  },
);

test("what a host must not lose", () => {
  const link: LinkState = {
    name: "eno1",
    mac: "02:00:00:00:00:01",
    mtu: 1500,
    isUp: true,
    hasCarrier: true,
    addresses: ["192.0.2.4/24"],
    gateway: "192.0.2.1",
  };

  expect(findLost([link], [link, { ...link, name: "br0", addresses: [] }])).toBeUndefined();
  expect(findLost([link], [{ ...link, addresses: [] }])).toBe("the address 192.0.2.4/24 of eno1");
  expect(findLost([link], [{ ...link, gateway: undefined }])).toBe(
    "the default route by 192.0.2.1 over eno1",
  );
});
