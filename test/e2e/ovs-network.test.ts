import { afterAll, beforeAll, expect, test } from "vitest";
import { announceAddress, probeAddress } from "../../provisioner/drivers/arp.ts";
import type { Attachment } from "../../provisioner/drivers/ovs-attachments.ts";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf } from "../support/host.ts";
import {
  addressOf,
  card,
  connectsByTcp,
  type Drivers,
  expectReachable,
  inNamespace,
  join24,
  LAB_DATAPATH,
  OVS_LAB,
  OvsLab,
  ping,
} from "../support/ovs-lab.ts";

describeIf(...OVS_LAB)("containers on one Open vSwitch", () => {
  const cleanup = new Cleanup();
  const lab = new OvsLab(cleanup);
  let drivers: Drivers;
  let first: Attachment;
  let second: Attachment;
  let pair: Attachment;
  let elsewhere: Attachment;

  beforeAll(async () => {
    const host = await lab.host("h1");
    drivers = await lab.drivers(host);
    await drivers.ovs.ensureBridge({ name: "br0", datapath: LAB_DATAPATH });
    first = card("c1", await lab.namespace("c1"), 1);
    second = card("c2", await lab.namespace("c2"), 2);
    elsewhere = card("c3", await lab.namespace("c3"), 3, { vlan: 200 });
    pair = card("c4", await lab.namespace("c4"), 4, { kind: "veth" });
    for (const each of [first, second, elsewhere, pair]) await join24(drivers, each);
  });
  afterAll(async () => {
    await cleanup.run();
    expect(lab.leftovers()).toEqual([]);
  });

  test("a VLAN reaches itself and no other, whatever the kind of card", async () => {
    await expectReachable(first.namespace, addressOf(2));
    await expectReachable(first.namespace, addressOf(4));
    expect(await ping(first.namespace, addressOf(3))).toBe(0);
    const cards = [first, second, elsewhere, pair];
    expect(await drivers.attachments.observe(cards)).toMatchObject(
      cards.map(({ inside }) => ({ problems: [], link: { name: inside, isUp: true } })),
    );
  });

  test("TCP connects over either kind of card", async () => {
    expect(await connectsByTcp(first, second)).toBe(true);
    expect(await connectsByTcp(second, pair)).toBe(true);
  });

  test("a card is tagged anew while it works", async () => {
    await drivers.ovs.setTag("c3", 100);
    await expectReachable(first.namespace, addressOf(3));

    await drivers.ovs.setTag("c3", 200);
    expect(await ping(first.namespace, addressOf(3))).toBe(0);
  });

  test("an address or a MAC address that is not its own does not get out", async () => {
    await inNamespace(second.namespace, "ip", "address", "add", "10.10.0.99/24", "dev", "eth0");
    expect(await ping(second.namespace, addressOf(1), { from: "10.10.0.99" })).toBe(0);
    await inNamespace(second.namespace, "ip", "address", "delete", "10.10.0.99/24", "dev", "eth0");

    await inNamespace(pair.namespace, "ip", "link", "set", "eth0", "address", "02:00:00:00:00:66");
    expect(await ping(pair.namespace, addressOf(1))).toBe(0);
    await inNamespace(pair.namespace, "ip", "link", "set", "eth0", "address", pair.port.mac);

    await expectReachable(second.namespace, addressOf(1));
    await expectReachable(pair.namespace, addressOf(1));
  });

  test("an address is probed before it is set, and announced after", async () => {
    const fifth = card("c5", await lab.namespace("c5"), 5);
    const impostor = { ...fifth, addresses: [addressOf(1)] };
    await drivers.attachments.plug([impostor]);

    const probe = (card: Attachment, mode: "fast" | "rfc5227"): Promise<object> =>
      probeAddress(card.namespace, card.inside, card.addresses[0] ?? "", mode);
    expect(await probe(impostor, "rfc5227")).toEqual({ takenBy: first.port.mac });
    await drivers.attachments.plug([fifth]);
    expect(await probe(fifth, "fast")).toEqual({});
    expect(await probe(fifth, "rfc5227")).toEqual({});

    await join24(drivers, fifth);
    const neighbour = [addressOf(5), "dev", "eth0"];
    const former = ["lladdr", "02:00:00:00:00:99", "nud", "stale"];
    await inNamespace(first.namespace, "ip", "neighbour", "add", ...neighbour, ...former);
    await announceAddress(fifth.namespace, fifth.inside, addressOf(5));
    expect(await inNamespace(first.namespace, "ip", "neighbour", "show", ...neighbour)).toContain(
      fifth.port.mac,
    );
    await expectReachable(first.namespace, addressOf(5));
    await expect(probeAddress(fifth.namespace, "eth9", addressOf(9), "fast")).rejects.toThrow(
      "arping 10.10.0.9: arping: Device eth9 not available.",
    );
    await drivers.attachments.unplug([fifth]);
  });

  test("addresses, MTU and default route become as wanted, from whatever they were", async () => {
    const { namespace, inside } = elsewhere;
    const { links } = drivers;

    await links.configure(namespace, inside, {
      mtu: 9000,
      addresses: ["10.20.0.3/16"],
      gateway: "10.20.0.1",
    });
    expect(await links.find(namespace, inside)).toMatchObject({
      mtu: 9000,
      addresses: ["10.20.0.3/16"],
      gateway: "10.20.0.1",
    });

    await links.configure(namespace, inside, { mtu: 1400, addresses: ["10.20.0.3/16", "10.10.0.3/24"] });
    expect(await links.find(namespace, inside)).toMatchObject({
      mtu: 1400,
      addresses: ["10.20.0.3/16", "10.10.0.3/24"],
      gateway: undefined,
    });

    await expect(links.configure(namespace, inside, { addresses: ["10.10.0.3/99"] })).rejects.toThrow(
      `address replace 10.10.0.3/99 dev ${inside}: Error: any valid prefix is expected rather than "10.10.0.3/99".`,
    );
  });

  test("a device goes home and comes back", async () => {
    const { namespace, inside, alias, port } = first;
    const placement = { name: port.name, namespace, inside, alias, mac: port.mac };

    await drivers.links.takeBack(placement);
    await drivers.links.takeBack(placement);
    expect(await drivers.links.find(drivers.links.home, "c1")).toMatchObject({ mac: port.mac });
    expect(await drivers.links.find(namespace, inside)).toBeUndefined();

    await join24(drivers, first);
    await expectReachable(first.namespace, addressOf(2));
  });

  test("a device of the same name inside that is another is left alone", async () => {
    const namespace = await lab.namespace("c6");
    const card6 = card("c6", namespace, 6);
    const { inside } = card6;
    await inNamespace(namespace, "ip", "link", "add", inside, "type", "veth", "peer", "name", "eth1");
    const theirs = await drivers.links.find(namespace, inside);

    await expect(drivers.attachments.plug([card6])).rejects.toMatchObject({ code: "LINK_TAKEN" });
    await expect(
      drivers.attachments.plug([{ ...card("c7", namespace, 7, { kind: "veth" }), inside }]),
    ).rejects.toMatchObject({
      code: "LINK_TAKEN",
    });

    expect(await drivers.links.find(namespace, inside)).toEqual(theirs);
    await drivers.attachments.unplug([card6]);
  });

  test("unplugged cards leave no port, no device and no flow", async () => {
    const cards = [first, second, elsewhere, pair];

    await drivers.attachments.unplug(cards);
    await drivers.attachments.unplug(cards);

    expect(drivers.ovs.listOurPorts()).toEqual([]);
    expect((await drivers.flows.count("br0")).size).toBe(0);
    const names = (await drivers.links.observe(drivers.links.home)).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith("c"))).toEqual([]);
    for (const { namespace } of cards) {
      expect((await drivers.links.observe(namespace)).map(({ name }) => name)).toEqual(["lo"]);
    }
  });
});
