import { afterEach, expect, test } from "vitest";
import { detectDatapath, type Ovs, openOvs } from "../../../../provisioner/drivers/ovs.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { type DatabaseServer, standInForSwitch, startDatabase } from "../../../support/ovs-database.ts";
import { card } from "../../../support/ovs-lab.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const testDb = testIf(hasCommand("ovsdb-server"));
const spec = (name: string, number = 1) => card(name, "", number).port;

/** A driver on a real database, with a stand-in for ovs-vswitchd that makes no device whose name has "bad" in it. */
async function open(): Promise<{ ovs: Ovs; server: DatabaseServer }> {
  const server = await startDatabase(cleanup);
  await standInForSwitch(server, cleanup, (name) => (name.includes("bad") ? `no ${name}` : undefined));
  const ovs = await openOvs({ remote: server.remote, log: recordLog(), timeoutMs: 2000 });
  cleanup.add("driver", () => ovs.close());
  return { ovs, server };
}

async function openWithBridge(): Promise<{ ovs: Ovs; server: DatabaseServer }> {
  const opened = await open();
  await opened.ovs.ensureBridge({ name: "br0", datapath: "netdev" });
  return opened;
}

testDb("a bridge comes and goes; one that cannot be leaves nothing", async () => {
  const { ovs } = await open();

  await ovs.ensureBridge({ name: "br0", datapath: "netdev" });
  await ovs.ensureBridge({ name: "br0", datapath: "netdev" });
  await expect(ovs.ensureBridge({ name: "bad0", datapath: "netdev" })).rejects.toThrow(
    "bridge bad0: no bad0",
  );

  expect(ovs.bridges().map(({ name }) => name)).toEqual(["br0"]);
  await ovs.removeBridge("br0");
  await ovs.removeBridge("br0");
  expect(ovs.bridges()).toEqual([]);
});

testDb("ports need their bridge", async () => {
  const { ovs } = await open();

  await expect(ovs.ensurePort(spec("c1"))).rejects.toThrow("bridge br0: is not there");
  await expect(ovs.setTag("c1", 100)).rejects.toThrow("port c1: is not there");
});

testDb("a port that does not work is taken away again, the others stay", async () => {
  const { ovs } = await openWithBridge();

  const states = await ovs.ensurePorts([spec("c1"), spec("bad1", 2)]);

  expect(states.map(({ name, problem }) => [name, problem])).toEqual([
    ["c1", undefined],
    ["bad1", "no bad1"],
  ]);
  expect(ovs.listOurPorts().map(({ name }) => name)).toEqual(["c1"]);
  await expect(ovs.ensurePort(spec("bad1"))).rejects.toThrow("port bad1: no bad1");
});

testDb("a port that nobody makes is taken out of the database, so that nobody makes it later", async () => {
  const server = await startDatabase(cleanup);
  await server.vsctl("--no-wait", "add-br", "br0");
  const ovs = await openOvs({ remote: server.remote, log: recordLog(), timeoutMs: 200 });
  cleanup.add("driver", () => ovs.close());

  await expect(ovs.ensurePort(spec("c1"))).rejects.toThrow("ovs-vswitchd did not act on the change");

  expect(await server.vsctl("list-ports", "br0")).toBe("");
});

testDb("what a database does after nobody waits for it any more is taken back all the same", async () => {
  const { ovs, server } = await openWithBridge();
  server.signal("SIGSTOP");

  await expect(ovs.ensurePort(spec("c1"))).rejects.toThrow("ovsdb: no answer to transact");
  server.signal("SIGCONT");
  await ovs.removePorts(["c1"]);

  expect(await server.vsctl("list-ports", "br0")).toBe("");
});

testDb("a port made anew is another", async () => {
  const { ovs } = await openWithBridge();
  const first = await ovs.ensurePort(spec("c1"));

  const [second] = await ovs.recreatePorts([spec("c1")]);

  expect(second?.ofport).not.toBe(first.ofport);
});

testDb("a bond tells what is wrong with a member", async () => {
  const { ovs } = await openWithBridge();
  const bond = { name: "bond0", bridge: "br0", members: ["p1", "bad2"], trunks: [100], updelayMs: 200 };

  const state = await ovs.ensureBond(bond);

  expect(state.members.map(({ name, problem }) => [name, problem]).sort()).toEqual([
    ["bad2", "no bad2"],
    ["p1", undefined],
  ]);
  expect(await ovs.ensureBond(bond)).toEqual(state);
});

testDb("of two drivers that add the same port at once one is refused, and there is one port", async () => {
  const { ovs, server } = await openWithBridge();
  const other = await openOvs({ remote: server.remote, log: recordLog() });
  cleanup.add("other", () => other.close());

  const results = await Promise.allSettled([ovs.ensurePort(spec("c1")), other.ensurePort(spec("c1"))]);

  expect(results.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
  expect(ovs.listOurPorts()).toHaveLength(1);
});

test("the kernel's datapath is there when its module answers", async () => {
  const ending = (code: number) => detectDatapath(async () => ({ stdout: "", stderr: "", code }));

  expect(await ending(0)).toBe("system");
  expect(await ending(1)).toBe("netdev");
});
