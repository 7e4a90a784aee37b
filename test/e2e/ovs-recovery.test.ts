import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Attachment } from "../../provisioner/drivers/ovs-attachments.ts";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf } from "../support/host.ts";
import {
  addressOf,
  card,
  type Drivers,
  expectReachable,
  join24,
  OVS_LAB,
  type OvsHost,
  OvsLab,
} from "../support/ovs-lab.ts";
import { waitFor } from "../support/wait-for.ts";

/** Of a second, in clock ticks: a datapath that spins uses nearly all of it, an idle one next to none. */
const SPINNING_TICKS = 50;

describeIf(...OVS_LAB)("what breaks is found and mended", () => {
  const cleanup = new Cleanup();
  const lab = new OvsLab(cleanup);
  let host: OvsHost;
  let drivers: Drivers;
  let first: Attachment;
  let second: Attachment;
  let pair: Attachment;

  const problems = async (...cards: Attachment[]): Promise<(readonly string[])[]> =>
    (await drivers.attachments.observe(cards)).map((state) => state.problems);
  /** How often ovs-vswitchd complained of a tap that died under it; it does not say so each time. */
  const deadReads = (): number => host.switchLog().split("error receiving data from c1").length - 1;
  const ticksInASecond = async (): Promise<number> => {
    const start = host.switchTicks();
    await sleep(1000);
    return host.switchTicks() - start;
  };

  beforeAll(async () => {
    host = await lab.host("h1");
    drivers = await lab.drivers(host);
    await drivers.ovs.ensureBridge({ name: "br0", datapath: "netdev" });
    first = card("c1", await lab.namespace("c1"), 1);
    second = card("c2", await lab.namespace("c2"), 2);
    pair = card("c3", await lab.namespace("c3"), 3, { kind: "veth" });
    for (const each of [first, second, pair]) await join24(drivers, each);
  });
  afterAll(async () => {
    await cleanup.run();
    expect(lab.leftovers()).toEqual([]);
  });

  test("a restart of ovs-vswitchd: every internal card is an orphan, every flow is gone", async () => {
    await host.stopSwitch("SIGKILL");
    await host.startSwitch();
    await drivers.ovs.db.until(
      "the new devices",
      () => drivers.ovs.portState("c2")?.isHome || undefined,
      10_000,
    );

    const noFlows = (name: string): string => `port ${name}: anti-spoofing flows are missing`;
    expect(await problems(first, second, pair)).toEqual([
      [noFlows("c1"), `device eth0 in ${first.namespace}: no carrier`],
      [noFlows("c2"), `device eth0 in ${second.namespace}: no carrier`],
      [noFlows("c3")],
    ]);

    for (const each of [first, second, pair]) await join24(drivers, each);

    expect(await problems(first, second, pair)).toEqual([[], [], []]);
    await expectReachable(first.namespace, addressOf(2));
    await expectReachable(first.namespace, addressOf(3));
  });

  test("a port deleted by hand: the card is found without one and plugged again", async () => {
    await host.database.vsctl("del-port", "c1");
    await drivers.ovs.db.until("the loss", () => (drivers.ovs.portState("c1") ? undefined : true), 5000);
    expect(await problems(first)).toEqual([["no port c1", `no device eth0 in ${first.namespace}`]]);

    await join24(drivers, first);

    expect(await problems(first)).toEqual([[]]);
    await expectReachable(first.namespace, addressOf(2));
  });

  test("a namespace that dies has the datapath spin until the card is plugged elsewhere", async () => {
    await lab.deleteNamespace(first.namespace);
    await waitFor("the spin", () => deadReads() > 0);
    // The database shows a healthy port.
    expect(drivers.ovs.portState("c1")).toMatchObject({ problem: undefined });
    expect(await problems(first)).toEqual([[`no device eth0 in ${first.namespace}`]]);

    first = { ...first, namespace: await lab.namespace("c1-again") };
    await join24(drivers, first);

    expect(await ticksInASecond()).toBeLessThan(SPINNING_TICKS);
    await expectReachable(first.namespace, addressOf(2));
  });

  test("a card that is unplugged before its namespace dies leaves the datapath in peace", async () => {
    const asBefore = deadReads();
    await drivers.attachments.unplug([first]);
    await lab.deleteNamespace(first.namespace);

    expect(await ticksInASecond()).toBeLessThan(SPINNING_TICKS);
    expect(deadReads()).toBe(asBefore);
    expect(drivers.ovs.portState("c1")).toBeUndefined();
    first = { ...first, namespace: await lab.namespace("c1-third") };
    await join24(drivers, first);
    await expectReachable(first.namespace, addressOf(2));
  });

  test("a pair that died with its namespace is made anew in the next one", async () => {
    await lab.deleteNamespace(pair.namespace);
    // The kernel takes namespaces apart in its own time: half of a pair is there until then.
    const { links } = drivers;
    await waitFor("the other end", async () => (await links.find(links.home, "c3")) === undefined);
    pair = { ...pair, namespace: await lab.namespace("c3-again") };

    await join24(drivers, pair);

    expect(await problems(pair)).toEqual([[]]);
    await expectReachable(first.namespace, addressOf(3));
  });

  test("twenty cards are plugged at once, and plugging them again changes nothing", async () => {
    const cards: Attachment[] = [];
    for (let i = 0; i < 20; i++) cards.push(card(`b${i}`, await lab.namespace(`b${i}`), 100 + i));

    const states = await drivers.attachments.plug(cards);
    const again = await drivers.attachments.plug(cards);

    expect(again).toEqual(states.map((state) => ({ ...state, isHome: false })));
    expect(await problems(...cards)).toEqual(cards.map(() => []));
    await drivers.attachments.unplug(cards);
  });
});
