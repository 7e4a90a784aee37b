import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BondSpec } from "../../provisioner/drivers/ovs-bonds.ts";
import { observeHostNetwork, reversibleNetworkChange } from "../../provisioner/host-network/apply.ts";
import { type HostNetworkSpec, planHostNetwork } from "../../provisioner/host-network/plan.ts";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf } from "../support/host.ts";
import {
  addressOf,
  card,
  type Drivers,
  expectReachable,
  join24,
  LAB_DATAPATH,
  LAB_VLANS,
  legOf,
  OVS_LAB,
  type OvsHost,
  OvsLab,
  ping,
} from "../support/ovs-lab.ts";
import { waitFor } from "../support/wait-for.ts";

const BOND: BondSpec = {
  name: "bond0",
  bridge: "br0",
  members: ["p1", "p2"],
  primary: "p1",
  trunks: LAB_VLANS,
  updelayMs: 200,
};
const HOST: HostNetworkSpec = { bridge: "br0", datapath: LAB_DATAPATH, bond: BOND };
/** Each echo request stands for this much time. */
const EVERY_SECONDS = 0.02;

describeIf(...OVS_LAB)("two hosts, each with a bond to two switches", () => {
  const cleanup = new Cleanup();
  const lab = new OvsLab(cleanup);
  const drivers: Drivers[] = [];
  let fabric: OvsHost;
  let host: OvsHost;
  const here = { namespace: "" };

  beforeAll(async () => {
    fabric = await lab.fabric();
    for (const number of [1, 2]) {
      const each = await lab.host(`h${number}`);
      if (number === 1) host = each;
      await lab.connect(each, fabric);
      const its = await lab.drivers(each);
      await initialize(its);
      drivers.push(its);
      for (const [offset, vlan] of LAB_VLANS.entries()) {
        const name = `c${number}${offset}`;
        const namespace = await lab.namespace(name);
        if (name === "c10") here.namespace = namespace;
        await join24(its, card(name, namespace, number * 10 + offset, { vlan }));
      }
    }
  });
  afterAll(async () => {
    await cleanup.run();
    expect(lab.leftovers()).toEqual([]);
  });

  /** What `plimsoll host init` does: the plan made and carried out. */
  async function initialize(its: Drivers): Promise<void> {
    const plan = planHostNetwork(await observeHostNetwork(its), HOST);
    expect(plan.problems).toEqual([]);
    for (const change of plan.changes) await reversibleNetworkChange(change, its).make();
  }
  const bond = (): Drivers["ovs"] => drivers[0]?.ovs ?? expect.fail("no drivers");
  const active = (): string | undefined =>
    bond()
      .bondState("bond0")
      .members.find((member) => member.isActive)?.name;
  const setLeg = (leg: string, state: "up" | "down"): Promise<string> =>
    fabric.ip("link", "set", legOf(host, leg), state);
  /** What a switch does by itself when a port loses carrier; Open vSwitch as a switch keeps what it learned. */
  const forget = (): Promise<unknown> =>
    Promise.all(["sw1", "sw2"].map((name) => fabric.appctl("fdb/flush", name)));

  test("a VLAN reaches the other host, and no other VLAN does", async () => {
    await expectReachable(here.namespace, addressOf(20));
    expect(await ping(here.namespace, addressOf(21))).toBe(0);
  });

  test("a bond that is as wanted is left alone", async () => {
    const rows = (): unknown => bond().bridges();
    const asBefore = rows();
    const [its] = drivers;

    expect(its && planHostNetwork(await observeHostNetwork(its), HOST)).toEqual({
      changes: [],
      problems: [],
    });
    const state = await bond().ensureBond(BOND);

    expect(rows()).toEqual(asBefore);
    expect(state).toEqual({
      name: "bond0",
      members: expect.arrayContaining([
        { name: "p1", hasCarrier: true, isActive: true, problem: undefined },
        { name: "p2", hasCarrier: true, isActive: false, problem: undefined },
      ]),
    });
  });

  test("when the active leg loses its carrier less than a second is lost", async () => {
    const sent = 150;
    const answered = ping(here.namespace, addressOf(20), { count: sent, everySeconds: EVERY_SECONDS });
    await sleep(500);
    await setLeg("1", "down");
    await forget();
    const lostSeconds = (sent - (await answered)) * EVERY_SECONDS;

    expect(active()).toBe("p2");
    expect(lostSeconds).toBeLessThan(1);

    await setLeg("1", "up");
    await waitFor("the primary", () => active() === "p1");
    await forget();
    await expectReachable(here.namespace, addressOf(20));
  });

  test("members and VLANs change in place; a NIC that is not there is told", async () => {
    const shorter = await bond().ensureBond({ ...BOND, members: ["p1"], trunks: [200] });
    expect(shorter.members.map(({ name }) => name)).toEqual(["p1"]);
    expect(await ping(here.namespace, addressOf(20))).toBe(0);

    const wrong = await bond().ensureBond({ ...BOND, members: ["p1", "p9"] });
    expect(wrong.members.find(({ name }) => name === "p9")?.problem).toContain("No such device");

    await bond().ensureBond(BOND);
    await forget();
    await expectReachable(here.namespace, addressOf(20));
  });
});
