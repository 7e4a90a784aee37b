import { afterEach, expect } from "vitest";
import type { Exec } from "../../../../core/runtime/exec.ts";
import { cookieOf, Flows } from "../../../../provisioner/drivers/flows.ts";
import { Links } from "../../../../provisioner/drivers/links.ts";
import { openOvs } from "../../../../provisioner/drivers/ovs.ts";
import { Attachments } from "../../../../provisioner/drivers/ovs-attachments.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { type Devices, toldNamespaces } from "../../../support/namespaces.ts";
import { standInForSwitch, startDatabase } from "../../../support/ovs-database.ts";
import { card } from "../../../support/ovs-lab.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const testDb = testIf(hasCommand("ovsdb-server"));

const internal = card("c1", "/a", 1);
const pair = card("c2", "/b", 2, { kind: "veth" });
const bad = card("bad", "/a", 3);

/** Cards on a real database, in namespaces and with flows that are only told. */
async function open(namespaces: Readonly<Record<string, Devices>>, dump = "") {
  const server = await startDatabase(cleanup);
  await standInForSwitch(server, cleanup, (name) => (name === "bad" ? "no device" : undefined));
  const ovs = await openOvs({ remote: server.remote, log: recordLog(), timeoutMs: 2000 });
  cleanup.add("driver", () => ovs.close());
  await ovs.ensureBridge({ name: "br0", datapath: "netdev" });
  const told = toldNamespaces({ "/home": {}, "/a": {}, "/b": {}, ...namespaces });
  const flowLines: string[] = [];
  const run: Exec = async (_, options) => {
    flowLines.push(...(options?.input ?? "").trimEnd().split("\n"));
    return { stdout: dump, stderr: "", code: 0 };
  };
  const links = new Links({ home: "/home", run: told.run });
  const attachments = new Attachments(ovs, links, new Flows({ run }));
  return { ovs, attachments, changes: told.changes, flowLines };
}

testDb("an internal card: port, flows, then the device moves in", async () => {
  const { attachments, changes, flowLines } = await open({ "/home": { c1: internal.port.mac } });

  const [state] = await attachments.plug([internal]);

  expect(state).toMatchObject({ name: "c1", problem: undefined });
  expect(flowLines).toContain(
    `add cookie=${cookieOf("id-of-c1")},priority=200,in_port=${state?.ofport},actions=drop`,
  );
  expect(changes).toEqual([
    "/home: link set dev c1 netns /a name eth0",
    "/a: link set dev lo up",
    "/a: link set dev eth0 up",
  ]);
});

testDb("a veth card: the pair, port, flows, then checksums where the datapath needs them", async () => {
  const { attachments, changes } = await open({});

  await attachments.plug([pair]);

  expect(changes).toEqual([
    `/home: link add c2 type veth peer name eth0 netns /b address ${pair.port.mac}`,
    "/home: link set dev c2 up",
    "/b: ethtool -K eth0 tx off",
    "/b: link set dev lo up",
    "/b: link set dev eth0 up",
  ]);
});

testDb("a device that is nowhere has its port made anew", async () => {
  const { ovs, attachments, changes } = await open({});
  const first = await ovs.ensurePort(internal.port);

  await attachments.plug([internal]);

  expect(changes[0]).toBe("/home: link set dev c1 netns /a name eth0");
  expect(ovs.portState("c1")?.ofport).not.toBe(first.ofport);
});

testDb("the first port that does not work is the error", async () => {
  const { ovs, attachments } = await open({ "/home": { c1: internal.port.mac } });

  await expect(attachments.plug([internal, bad])).rejects.toThrow("port bad: no device");

  expect(ovs.portState("bad")).toBeUndefined();
});

testDb("unplugging takes flows, port and pair away; a bridge that is gone is fine", async () => {
  const { ovs, attachments, changes, flowLines } = await open({ "/home": { c1: internal.port.mac } });
  await attachments.plug([internal]);
  const plugged = flowLines.length;

  await attachments.unplug([internal, { ...pair, port: { ...pair.port, bridge: "br9" } }]);

  expect(ovs.listOurPorts()).toEqual([]);
  expect(flowLines.slice(plugged)).toEqual([`delete cookie=${cookieOf("id-of-c1")}/-1`]);
  expect(changes.filter((line) => line.includes("delete"))).toEqual([]);
});

testDb("what is wrong is told from the switch inwards", async () => {
  const healthy = Array.from({ length: 4 }, () => ` cookie=${cookieOf("id-of-c1")}, actions=drop\n`).join("");
  const { ovs, attachments } = await open({ "/a": { eth0: internal.port.mac } }, healthy);
  await ovs.ensurePort({ ...internal.port, vlan: 200 });

  const states = await attachments.observe([internal, { ...pair, namespace: "/gone" }]);

  expect(states.map(({ problems }) => problems)).toEqual([
    ["port c1: VLAN 200, not 100"],
    ["no port c2", "port c2: anti-spoofing flows are missing", "no device eth0 in /gone"],
  ]);
  expect(states[0]?.link).toMatchObject({ name: "eth0", hasCarrier: true });
});
