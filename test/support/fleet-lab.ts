import { readFileSync } from "node:fs";
import { exec } from "../../core/runtime/exec.ts";
import type { Cleanup } from "./cleanup.ts";
import { IMAGE } from "./ct-lab.ts";
import { importImage, startDocker } from "./docker.ts";
import { startEtcd } from "./etcd.ts";
import { LabHost } from "./lab-host.ts";
import { LAB_VLANS, type OvsHost, OvsLab } from "./ovs-lab.ts";
import { startShim } from "./shim.ts";

/** Of the network that the hosts reach the store by: a device in each, its other end beside etcd. */
const STORE_ADDRESS = "10.99.0.1";
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
    await this.switchHost.ip("route", "replace", STORE_ADDRESS, "dev", UPLINK);
  }

  /** The JSON that `plimsoll host … --json` prints; fails with what it says when it fails. */
  async host<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse((await this.plimsoll("host", ...args, "--json")).stdout);
  }
}

/** Two hosts, each with a switch and a Docker engine of its own, a network between them, one etcd, one shim. */
export class FleetLab {
  readonly hosts: readonly [FleetHost, FleetHost];

  private constructor(hosts: readonly [FleetHost, FleetHost]) {
    this.hosts = hosts;
  }

  static async open(cleanup: Cleanup): Promise<FleetLab> {
    const lab = new OvsLab(cleanup);
    const fabric = await lab.fabric();
    await fabric.ip("address", "add", `${STORE_ADDRESS}/32`, "dev", "lo");
    const inside = ["nsenter", `--net=${fabric.namespace}`, "--"];
    const etcd = await startEtcd(cleanup, { address: STORE_ADDRESS, inside });
    const { mount } = await startShim(cleanup);
    const open = (number: number): Promise<FleetHost> =>
      openHost(cleanup, lab, fabric, { number, store: etcd.storeUrl("fleet"), shim: mount });
    const [one, two] = [await open(1), await open(2)];
    const network = ["net", "create", "front", "--vlan", "100", "--cidr", "10.10.0.0/24"];
    await one.plimsoll(...network);
    return new FleetLab([one, two]);
  }
}

async function openHost(
  cleanup: Cleanup,
  lab: OvsLab,
  fabric: OvsHost,
  { number, store, shim }: { readonly number: number; readonly store: string; readonly shim: string },
): Promise<FleetHost> {
  const docker = await startDocker(cleanup);
  const switchHost = await lab.host(`h${number}`);
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
