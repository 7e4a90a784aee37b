import { afterAll, beforeAll, expect, test } from "vitest";
import type { Attachment } from "../../provisioner/drivers/ovs-attachments.ts";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf } from "../support/host.ts";
import {
  addressOf,
  card,
  type Drivers,
  expectReachable,
  hasKernelDatapath,
  inNamespace,
  join24,
  LAB_DATAPATH,
  OVS_LAB,
  type OvsHost,
  OvsLab,
} from "../support/ovs-lab.ts";

/** What differs from the userspace datapath, where a restart loses every device. */
describeIf(...OVS_LAB, hasKernelDatapath)("cards on the kernel datapath", () => {
  const cleanup = new Cleanup();
  const lab = new OvsLab(cleanup);
  let host: OvsHost;
  let drivers: Drivers;
  let first: Attachment;
  let second: Attachment;

  beforeAll(async () => {
    host = await lab.host("h1");
    drivers = await lab.drivers(host);
    await drivers.ovs.ensureBridge({ name: "br0", datapath: LAB_DATAPATH });
    first = card("c1", await lab.namespace("c1"), 1);
    second = card("c2", await lab.namespace("c2"), 2);
    for (const each of [first, second]) await join24(drivers, each);
  });
  afterAll(async () => {
    await cleanup.run();
    expect(lab.leftovers()).toEqual([]);
  });

  const problems = async (...cards: Attachment[]): Promise<(readonly string[])[]> =>
    (await drivers.attachments.observe(cards)).map((state) => state.problems);

  test("a device is called as its port, and answers to eth0", async () => {
    expect(await inNamespace(first.namespace, "ip", "-oneline", "link", "show", "eth0")).toMatch(
      /: c1: .*altname eth0/,
    );
  });

  test("a restart of ovs-vswitchd leaves the devices where they are", async () => {
    await host.stopSwitch("SIGKILL");
    await host.startSwitch();
    await expectReachable(first.namespace, addressOf(2));
    const noFlows = (name: string): string => `port ${name}: anti-spoofing flows are missing`;
    expect(await problems(first, second)).toEqual([[noFlows("c1")], [noFlows("c2")]]);

    await drivers.attachments.plug([first, second]);

    expect(await problems(first, second)).toEqual([[], []]);
    await expectReachable(first.namespace, addressOf(2));
  });

  test("a namespace that dies takes its device; the card is plugged elsewhere", async () => {
    await lab.deleteNamespace(first.namespace);
    expect((await problems(first))[0]).toContain(`no device c1 in ${first.namespace}`);

    first = { ...first, namespace: await lab.namespace("c1-again") };
    await join24(drivers, first);

    expect(await problems(first, second)).toEqual([[], []]);
    await expectReachable(first.namespace, addressOf(2));
  });
});
