import { readFileSync } from "node:fs";
import { exec } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import { IMAGE } from "./ct-lab.ts";
import { importImage, startDockerInside } from "./docker.ts";
import { startEtcd } from "./etcd.ts";
import { LabHost } from "./lab-host.ts";
import { LAB_VLANS, type OvsHost, OvsLab } from "./ovs-lab.ts";
import type { Place } from "./place.ts";
import { startShim } from "./shim.ts";

/** Of the network that the hosts reach the store and a registry by: a device in each, its other end beside etcd. */
const STORE_ADDRESS = "10.99.0.1";
const REGISTRY_ADDRESS = "10.99.0.254";
const UPLINK = "st0";

/** What `host.yaml` says of each, so that neither is full by what this machine has. */
const CAPACITY = { cpus: 4, memory: "1G", disk: "4G" };

/** A host of a fleet, and its ways to the others. */
class FleetHost extends LabHost {
  /** Cut off from the store, and from the containers' network with it, as a host whose cables are pulled. */
  async cut(): Promise<void> {
    for (const device of [UPLINK, "p1"]) await this.switchHost.ip("link", "set", device, "down");
  }

  /** Its machines stay on the containers' network. */
  async cutFromStore(): Promise<void> {
    await this.switchHost.ip("link", "set", UPLINK, "down");
  }

  async join(): Promise<void> {
    for (const device of [UPLINK, "p1"]) await this.switchHost.ip("link", "set", device, "up");
    for (const address of [STORE_ADDRESS, REGISTRY_ADDRESS])
      await this.switchHost.ip("route", "replace", address, "dev", UPLINK);
  }

  /** Until it joins again. */
  async cutFromRegistry(): Promise<void> {
    await this.switchHost.ip("route", "replace", "unreachable", REGISTRY_ADDRESS);
  }

  /** The JSON that `plimsoll host … --json` prints; fails with what it says when it fails. */
  async host<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse((await this.plimsoll("host", ...args, "--json")).stdout);
  }
}

type FleetHosts = readonly [FleetHost, FleetHost, ...FleetHost[]];

/** Two hosts or more, each with a switch and a Docker engine of its own, a network between them, one etcd, one shim. */
export class FleetLab {
  readonly hosts: FleetHosts;
  /** Where a registry can be that the hosts' engines pull from. */
  readonly registryPlace: Place;

  private constructor(hosts: FleetHosts, registryPlace: Place) {
    this.hosts = hosts;
    this.registryPlace = registryPlace;
  }

  static async open(cleanup: Cleanup, count = 2): Promise<FleetLab> {
    const lab = new OvsLab(cleanup);
    const fabric = await lab.fabric();
    for (const address of [STORE_ADDRESS, REGISTRY_ADDRESS])
      await fabric.ip("address", "add", `${address}/32`, "dev", "lo");
    const inside = ["nsenter", `--net=${fabric.namespace}`, "--"];
    const etcd = await startEtcd(cleanup, { address: STORE_ADDRESS, inside });
    const { mount } = await startShim(cleanup);
    const open = (number: number): Promise<FleetHost> =>
      openHost(cleanup, lab, fabric, { number, store: etcd.storeUrl("fleet"), shim: mount });
    const [one, two, more] = [await open(1), await open(2), [] as FleetHost[]];
    for (let number = 3; number <= count; number++) more.push(await open(number));
    const network = ["net", "create", "front", "--vlan", "100", "--cidr", "10.10.0.0/24"];
    await one.plimsoll(...network);
    return new FleetLab([one, two, ...more], { address: REGISTRY_ADDRESS, inside });
  }
}

async function openHost(
  cleanup: Cleanup,
  lab: OvsLab,
  fabric: OvsHost,
  { number, store, shim }: { readonly number: number; readonly store: string; readonly shim: string },
): Promise<FleetHost> {
  const switchHost = await lab.host(`h${number}`);
  const inside = ["nsenter", `--net=${switchHost.namespace}`, "--"];
  const docker = await startDockerInside(cleanup, inside, "--insecure-registry", `${REGISTRY_ADDRESS}/32`);
  await importImage(cleanup, docker, IMAGE);
  await lab.connect(switchHost, fabric);
  const bridge = ["add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=netdev"];
  const trunk = ["vlan_mode=trunk", `trunks=${LAB_VLANS.join(",")}`];
  await switchHost.database.vsctl(...bridge, "--", "add-port", "br0", "p1", ...trunk);
  const far = `${UPLINK}-${number}`;
  const peer = ["peer", "name", far, "netns", fabric.namespace];
  await switchHost.ip("link", "add", UPLINK, "type", "veth", ...peer);
  await switchHost.ip("address", "add", `10.99.0.${number + 1}/32`, "dev", UPLINK);
  await fabric.ip("link", "set", far, "up");
  await fabric.ip("route", "add", `10.99.0.${number + 1}`, "dev", far);
  const host = new FleetHost(cleanup, { folder: cleanup.temporaryFolder(), switchHost, docker, store });
  await host.join();
  const labels = [`rack=r${number}`];
  host.writeConfig(`h${number}`, { shim, address: `10.99.0.${number + 1}`, labels, capacity: CAPACITY });
  cleanup.add(`machines of h${number}`, () => endMachines(host));
  return host;
}

/** Before switch and engine go, whatever the store says: copies that were left behind, and their disks. */
async function endMachines(host: FleetHost): Promise<void> {
  await host.withEngine(async (engine) => {
    for (const { id } of await engine.listContainers("io.plimsoll.machine")) await engine.removeContainer(id);
  });
  const mounts = readFileSync("/proc/self/mounts", "utf8").matchAll(/^\S+ (\S+)/gm);
  for (const [, path = ""] of mounts)
    if (path.startsWith(`${host.folder}/machines/`)) await exec(["umount", "--detach-loop", path]);
}
