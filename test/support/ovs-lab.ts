import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../core/runtime/exec.ts";
import { Flows } from "../../provisioner/drivers/flows.ts";
import { Links } from "../../provisioner/drivers/links.ts";
import { detectDatapath, type Ovs, openOvs } from "../../provisioner/drivers/ovs.ts";
import { type Attachment, Attachments } from "../../provisioner/drivers/ovs-attachments.ts";
import type { Datapath } from "../../provisioner/drivers/ovs-tables.ts";
import type { Cleanup } from "./cleanup.ts";
import { type Condition, hasCommand, isRoot } from "./host.ts";
import { Daemon, DatabaseServer, logging } from "./ovs-database.ts";
import { recordLog } from "./record-log.ts";
import { waitFor } from "./wait-for.ts";

/** The VLANs that the lab's switches let through between each other and to the hosts. */
export const LAB_VLANS: readonly number[] = [100, 200];

/** What a lab of Open vSwitch hosts needs of the machine. */
export const OVS_LAB: readonly Condition[] = [
  isRoot,
  hasCommand("ip"),
  hasCommand("nsenter"),
  hasCommand("ping"),
  hasCommand("arping"),
  hasCommand("ethtool"),
  hasCommand("ovs-vswitchd"),
];

/** What the lab's bridges forward by: the kernel where it can, as on a real host. */
export const LAB_DATAPATH: Datapath = await detectDatapath().catch(() => "netdev");

export const hasKernelDatapath: Condition = {
  reason: "needs the kernel's openvswitch module",
  met: () => LAB_DATAPATH === "system",
};

/** The drivers of one host. */
export interface Drivers {
  readonly ovs: Ovs;
  readonly links: Links;
  readonly flows: Flows;
  readonly attachments: Attachments;
}

/** A simulated host: a network namespace with an Open vSwitch of its own, on the userspace datapath. */
export class OvsHost {
  readonly name: string;
  readonly namespace: string;
  readonly database: DatabaseServer;
  readonly folder: string;
  readonly #switch: Daemon;

  constructor(name: string, namespace: string, folder: string) {
    const inside = ["nsenter", `--net=${namespace}`, "--"];
    this.name = name;
    this.namespace = namespace;
    this.folder = folder;
    this.database = new DatabaseServer(folder, inside);
    this.#switch = new Daemon(
      [...inside, "ovs-vswitchd", this.database.remote, ...logging(folder, "switch")],
      folder,
    );
  }

  async startSwitch(): Promise<void> {
    await this.#switch.start(() => this.appctl("version"));
  }

  async stopSwitch(signal?: NodeJS.Signals): Promise<void> {
    await this.#switch.stop(signal);
  }

  async stop(): Promise<void> {
    await this.stopSwitch();
    await this.database.stop();
  }

  async appctl(...args: readonly string[]): Promise<string> {
    const { stdout } = await exec(["ovs-appctl", "-t", join(this.folder, "switch.ctl"), ...args]);
    return stdout;
  }

  /** What ovs-vswitchd has logged since its first start. */
  switchLog(): string {
    return readFileSync(join(this.folder, "switch.log"), "utf8");
  }

  /** CPU time that ovs-vswitchd has used, in clock ticks of 10 ms (proc_pid_stat(5), utime + stime). */
  switchTicks(): number {
    const stat = readFileSync(`/proc/${this.#switch.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  }

  async ip(...args: readonly string[]): Promise<string> {
    return inNamespace(this.namespace, "ip", ...args);
  }
}

/** Simulated hosts, switches between them and containers: namespaces, all removed at the end. */
export class OvsLab {
  readonly #cleanup: Cleanup;
  readonly #prefix: string;
  readonly #hosts: OvsHost[] = [];
  readonly #namespaces: string[] = [];

  constructor(cleanup: Cleanup) {
    this.#cleanup = cleanup;
    this.#prefix = `plim-${process.pid}-${Math.random().toString(36).slice(2, 6)}`;
    // Switches first: one that outlives a container's namespace spins.
    cleanup.add("open vswitch lab", async () => {
      await Promise.all(this.#hosts.map((host) => host.stop()));
      for (const name of this.#namespaces) await exec(["ip", "netns", "delete", name]);
    });
  }

  /** An empty namespace, as a container has it. */
  async namespace(name: string): Promise<string> {
    const full = `${this.#prefix}-${name}`;
    await exec(["ip", "netns", "add", full]);
    this.#namespaces.push(full);
    return `/run/netns/${full}`;
  }

  /** Deletes a namespace before the end, as a container that dies does. */
  async deleteNamespace(path: string): Promise<void> {
    const name = path.slice("/run/netns/".length);
    await exec(["ip", "netns", "delete", name]);
    this.#namespaces.splice(this.#namespaces.indexOf(name), 1);
  }

  /** Namespaces of this lab that are still there. */
  leftovers(): readonly string[] {
    return readdirSync("/run/netns").filter((name) => name.startsWith(this.#prefix));
  }

  async host(name: string): Promise<OvsHost> {
    const host = new OvsHost(name, await this.namespace(name), this.#cleanup.temporaryFolder());
    this.#hosts.push(host);
    await host.ip("link", "set", "lo", "up");
    await host.database.create();
    await host.startSwitch();
    return host;
  }

  async drivers(host: OvsHost, options: { lock?: string; timeoutMs?: number } = {}): Promise<Drivers> {
    const ovs = await openOvs({ remote: host.database.remote, log: recordLog(), ...options });
    this.#cleanup.add("drivers", () => ovs.close());
    const links = new Links({ home: host.namespace });
    const flows = new Flows({ runFolder: host.folder });
    return { ovs, links, flows, attachments: new Attachments(ovs, links, flows) };
  }

  /** Two switches, joined as a trunk. Two hosts on one bond without switches between pick legs that do not meet. */
  async fabric(): Promise<OvsHost> {
    const fabric = await this.host("fab");
    for (const name of ["sw1", "sw2"]) {
      await fabric.database.vsctl(
        "add-br",
        name,
        "--",
        "set",
        "Bridge",
        name,
        `datapath_type=${LAB_DATAPATH}`,
      );
    }
    for (const [name, bridge, peer] of [
      ["isl1", "sw1", "isl2"],
      ["isl2", "sw2", "isl1"],
    ] as const) {
      const patch = ["set", "Interface", name, "type=patch", `options:peer=${peer}`];
      await fabric.database.vsctl("add-port", bridge, name, ...TRUNK, "--", ...patch);
    }
    return fabric;
  }

  /** Two legs of a host, `p1` to the first switch and `p2` to the second. */
  async connect(host: OvsHost, fabric: OvsHost): Promise<void> {
    for (const leg of ["1", "2"]) {
      const far = legOf(host, leg);
      await host.ip("link", "add", `p${leg}`, "type", "veth", "peer", "name", far, "netns", fabric.namespace);
      await host.ip("link", "set", `p${leg}`, "up");
      await fabric.ip("link", "set", far, "up");
      await fabric.database.vsctl("add-port", `sw${leg}`, far, ...TRUNK);
    }
  }
}

const TRUNK = ["vlan_mode=trunk", `trunks=${LAB_VLANS.join(",")}`];

/** The switches' end of a host's leg. */
export function legOf(host: OvsHost, leg: string): string {
  return `${host.name}-${leg}`;
}

/** A card of a container named `name`, on the bridge br0, with an address that its number gives. */
export function card(
  name: string,
  namespace: string,
  number: number,
  changes: { vlan?: number; kind?: "internal" | "veth" } = {},
): Attachment {
  const address = addressOf(number);
  const mac = `02:${["00", ...address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"))].join(":")}`;
  return {
    port: {
      name,
      bridge: "br0",
      kind: changes.kind ?? "internal",
      vlan: changes.vlan ?? 100,
      mac,
      owner: { id: `id-of-${name}`, generation: 1 },
    },
    namespace,
    ...(LAB_DATAPATH === "system" && changes.kind !== "veth"
      ? { inside: name, alias: "eth0" }
      : { inside: "eth0" }),
    addresses: [address],
  };
}

export function addressOf(number: number): string {
  return `10.10.0.${number}`;
}

/** Plugs a card and gives it its address. */
export async function join24({ attachments, links }: Drivers, plugged: Attachment): Promise<void> {
  await attachments.plug([plugged]);
  await links.configure(plugged.namespace, plugged.inside, {
    addresses: plugged.addresses.map((address) => `${address}/24`),
  });
}

interface PingOptions {
  readonly count?: number;
  readonly everySeconds?: number;
  readonly from?: string;
}

/** How many echo requests are answered. */
export async function ping(namespace: string, address: string, options: PingOptions = {}): Promise<number> {
  const { count = 3, everySeconds = 0.1, from } = options;
  const source = from === undefined ? [] : ["-I", from];
  const argv = ["ping", "-n", "-c", `${count}`, "-i", `${everySeconds}`, "-W", "1", ...source, address];
  const { stdout } = await exec(["nsenter", `--net=${namespace}`, "--", ...argv], { okCodes: [0, 1] });
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
}

/** That a way is there, soon: a neighbour that was asked for in vain is asked for again only after a while. */
export async function expectReachable(namespace: string, address: string): Promise<void> {
  await waitFor(
    `${address} from ${namespace}`,
    async () => (await ping(namespace, address, { count: 1 })) === 1,
  );
}

export async function inNamespace(namespace: string, ...argv: readonly string[]): Promise<string> {
  return (await exec(["nsenter", `--net=${namespace}`, "--", ...argv])).stdout;
}

/** Whether a line sent from one container arrives at a server in another, and comes back. */
export async function connectsByTcp(from: Attachment, to: Attachment): Promise<boolean> {
  const [address = ""] = to.addresses;
  const server = spawn("nsenter", [`--net=${to.namespace}`, "--", process.execPath, "-e", ECHO_ONCE], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(server.stdout, "data");
  try {
    const argv = ["nsenter", `--net=${from.namespace}`, "--", process.execPath, "-e", CALL, address];
    return (await exec(argv, { okCodes: [0, 1] })).stdout === "heard";
  } finally {
    server.kill();
    await once(server, "exit");
  }
}

const ECHO_ONCE = `require("net").createServer((s) => s.pipe(s)).listen(7007, () => console.log("ready"))`;
const CALL = `
const s = require("net").connect(7007, process.argv[1], () => s.write("heard"));
s.on("data", (d) => { process.stdout.write(d); s.end(); }).on("error", () => process.exit(1));
setTimeout(() => process.exit(1), 3000).unref();
`;
