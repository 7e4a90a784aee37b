import { afterAll, beforeAll, expect, test } from "vitest";
import type { PortSpec } from "../../provisioner/drivers/ovs-ports.ts";
import { Cleanup } from "../support/cleanup.ts";
import { describeIf } from "../support/host.ts";
import {
  addressOf,
  card,
  type Drivers,
  LAB_DATAPATH,
  OVS_LAB,
  type OvsHost,
  OvsLab,
} from "../support/ovs-lab.ts";

describeIf(...OVS_LAB)("ports of a real Open vSwitch", () => {
  const cleanup = new Cleanup();
  const lab = new OvsLab(cleanup);
  let host: OvsHost;
  let drivers: Drivers;

  const port = (name: string, changes: Partial<PortSpec> = {}): PortSpec => ({
    ...card(name, "", 1).port,
    ...changes,
  });

  beforeAll(async () => {
    host = await lab.host("h1");
    drivers = await lab.drivers(host);
    await drivers.ovs.ensureBridge({ name: "br0", datapath: LAB_DATAPATH });
  });
  afterAll(async () => {
    await cleanup.run();
    expect(lab.leftovers()).toEqual([]);
  });

  test("a bridge is made once; one of another datapath is refused", async () => {
    await drivers.ovs.ensureBridge({ name: "br0", datapath: LAB_DATAPATH });

    expect(drivers.ovs.bridges().map(({ name, datapath }) => [name, datapath])).toEqual([
      ["br0", LAB_DATAPATH],
    ]);
    const other = LAB_DATAPATH === "system" ? "netdev" : "system";
    await expect(drivers.ovs.ensureBridge({ name: "br0", datapath: other })).rejects.toThrow(
      `bridge br0: has the ${LAB_DATAPATH} datapath, not ${other}`,
    );
  });

  test("a port is there, works, and is asked for again in vain", async () => {
    const made = await drivers.ovs.ensurePort(port("c1"));
    const again = await drivers.ovs.ensurePort(port("c1"));

    expect(made).toMatchObject({ name: "c1", vlan: 100, kind: "internal", problem: undefined, isHome: true });
    expect(again).toEqual(made);
    expect(drivers.ovs.listOurPorts()).toEqual([made]);
    expect(await host.database.vsctl("get", "Port", "c1", "external_ids")).toBe(
      '{plimsoll-generation="1", plimsoll-id=id-of-c1}',
    );
    await drivers.ovs.removePorts(["c1", "never-there"]);
    expect(drivers.ovs.portState("c1")).toBeUndefined();
  });

  test("a device that exists already is a problem, and leaves no port", async () => {
    await host.ip("link", "add", "dupe", "type", "veth", "peer", "name", "dupe-peer");

    const states = await drivers.ovs.ensurePorts([port("dupe"), port("fine")]);

    expect(states.map(({ name, problem }) => [name, problem])).toEqual([
      ["dupe", expect.stringContaining("could not open network device dupe")],
      ["fine", undefined],
    ]);
    expect(drivers.ovs.listOurPorts().map(({ name }) => name)).toEqual(["fine"]);
    await expect(drivers.ovs.ensurePort(port("absent", { kind: "veth" }))).rejects.toThrow(
      "port absent: could not open network device absent (No such device)",
    );
    await drivers.ovs.removePorts(["fine"]);
    await host.ip("link", "delete", "dupe");
  });

  test("a port deleted by hand is noticed and made again", async () => {
    await drivers.ovs.ensurePort(port("c1"));

    await host.database.vsctl("del-port", "c1");
    await drivers.ovs.db.until("the loss", () => (drivers.ovs.portState("c1") ? undefined : true), 5000);

    expect(await drivers.ovs.ensurePort(port("c1"))).toMatchObject({ problem: undefined });
    await drivers.ovs.removePorts(["c1"]);
  });

  test("a new MAC address needs another device, a new VLAN or generation does not", async () => {
    const first = await drivers.ovs.ensurePort(port("c1"));
    const retagged = await drivers.ovs.ensurePort(
      port("c1", { vlan: 200, owner: { id: "id-of-c1", generation: 2 } }),
    );
    expect(retagged).toEqual({ ...first, vlan: 200, owner: { id: "id-of-c1", generation: 2 } });

    const device = (): Promise<string> => host.ip("-o", "link", "show", "c1");
    expect(await device()).toContain("link/ether 02:00:0a:0a:00:01");
    const remade = port("c1", { mac: "02:00:00:00:00:09", owner: { id: "id-of-c1", generation: 2 } });
    await drivers.ovs.ensurePort(remade);
    expect(await device()).toContain("link/ether 02:00:00:00:00:09");
    await drivers.ovs.removePorts(["c1"]);
  });

  test("ports of others, and of a newer generation, are left alone", async () => {
    await host.database.vsctl(
      "add-port",
      "br0",
      "theirs",
      "--",
      "set",
      "Interface",
      "theirs",
      "type=internal",
    );
    await drivers.ovs.ensurePort(port("c1", { owner: { id: "id-of-c1", generation: 7 } }));

    await expect(drivers.ovs.ensurePort(port("theirs"))).rejects.toMatchObject({ code: "OVS_PORT_TAKEN" });
    await expect(drivers.ovs.removePorts(["theirs"])).rejects.toMatchObject({ code: "OVS_PORT_TAKEN" });
    await expect(drivers.ovs.ensurePort(port("c1"))).rejects.toMatchObject({ code: "OVS_PORT_STALE" });
    await drivers.ovs.removePorts(["c1"]);
    await host.database.vsctl("del-port", "theirs");
  });

  test("fifty ports in one transaction, and away again", async () => {
    const specs = Array.from({ length: 50 }, (_, i) => port(`b${i}`, card(`b${i}`, "", i + 1).port));

    const states = await drivers.ovs.ensurePorts(specs);

    expect(states.map(({ name }) => name)).toEqual(specs.map(({ name }) => name));
    expect(states.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(new Set(states.map(({ ofport }) => ofport)).size).toBe(50);
    await drivers.ovs.removePorts(specs.map(({ name }) => name));
    expect(drivers.ovs.listOurPorts()).toEqual([]);
    expect(await host.ip("-o", "link")).not.toContain("b49");
  });

  test("flows are counted, replaced and removed by container", async () => {
    const { ovs, flows } = drivers;
    const { ofport = -1 } = await ovs.ensurePort(port("c1"));
    const wanted = {
      id: "id-of-c1",
      ofport,
      mac: "02:00:0a:0a:00:01",
      addresses: [addressOf(1), addressOf(2)],
    };

    await flows.ensure("br0", [wanted]);
    await flows.ensure("br0", [
      { ...wanted, addresses: [addressOf(1)] },
      { ...wanted, id: "other", ofport: 99 },
    ]);

    expect([...(await flows.count("br0")).values()]).toEqual([4, 7]);
    await flows.remove("br0", ["id-of-c1", "other", "never-there"]);
    expect((await flows.count("br0")).size).toBe(0);
    await expect(flows.ensure("br9", [wanted])).rejects.toThrow("flows of bridge br9: not changed");
    await ovs.removePorts(["c1"]);
  });

  test("only the holder of the lock changes anything", async () => {
    const [first, second] = [
      await lab.drivers(host, { lock: "plimsoll" }),
      await lab.drivers(host, { lock: "plimsoll" }),
    ];
    const held = await first.ovs.db.lock("plimsoll");
    const waiting = await second.ovs.db.lock("plimsoll");
    await first.ovs.ensurePort(port("c1"));
    await expect(second.ovs.setTag("c1", 200)).rejects.toMatchObject({ reason: "not owner" });

    await held.release();
    await second.ovs.db.until("the lock", () => waiting.isHeld || undefined, 5000);

    await second.ovs.setTag("c1", 200);
    await expect(first.ovs.removePorts(["c1"])).rejects.toMatchObject({ reason: "not owner" });
    await second.ovs.removePorts(["c1"]);
  });

  test("while ovs-vswitchd is away a change is kept, and made when it is back", async () => {
    const impatient = await lab.drivers(host, { timeoutMs: 200 });
    await host.stopSwitch("SIGKILL");

    await expect(impatient.ovs.ensurePort(port("c1"))).rejects.toMatchObject({ code: "OVS_NOT_APPLIED" });
    await host.startSwitch();

    expect(await drivers.ovs.ensurePort(port("c1"))).toMatchObject({ problem: undefined });
    await drivers.ovs.removePorts(["c1"]);
  });

  test("a killed database server is reached again, the ports as they were", async () => {
    const made = await drivers.ovs.ensurePort(port("c1"));

    await host.database.stop("SIGKILL");
    await drivers.ovs.db.until("the loss", () => (drivers.ovs.db.isConnected ? undefined : true), 5000);
    await host.database.start();

    expect(await drivers.ovs.ensurePort(port("c2"))).toMatchObject({ problem: undefined });
    expect(drivers.ovs.portState("c1")).toEqual({ ...made, isHome: expect.any(Boolean) });
    await drivers.ovs.removePorts(["c1", "c2"]);
  });
});
