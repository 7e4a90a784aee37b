import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, type ExecResult, exec } from "../../core/runtime/exec.ts";
import { type LinkSpec, type LinkState, parseLinks, planLink } from "./links-state.ts";

/** A network namespace by a file that stands for it: /run/netns/NAME, or that of a process. */
export type NamespacePath = string;

export function namespaceOfPid(pid: number): NamespacePath {
  return `/proc/${pid}/ns/net`;
}

/** Which device goes where. `mac` tells it from another that has the name inside. */
export interface Placement {
  /** Its name at home, the port's. */
  readonly name: string;
  readonly namespace: NamespacePath;
  /** Its name in the namespace, `eth0`. */
  readonly inside: string;
  readonly mac: string;
}

export interface LinksOptions {
  /** Where ovs-vswitchd and its devices live, this process's own namespace unless told. */
  readonly home?: NamespacePath;
  readonly run?: Exec;
}

/** Network devices at home and in the namespaces of containers, by ip(8). Every step may be repeated. */
export class Links {
  readonly #home: NamespacePath;
  readonly #run: Exec;

  constructor(options: LinksOptions = {}) {
    this.#home = options.home ?? namespaceOfPid(process.pid);
    this.#run = options.run ?? exec;
  }

  get home(): NamespacePath {
    return this.#home;
  }

  /** Every device of a namespace. Throws when the namespace is gone. */
  async observe(namespace: NamespacePath): Promise<readonly LinkState[]> {
    const lines = "address show\nroute show default\n";
    return parseLinks((await this.#ip(namespace, ["-json", "-batch", "-"], lines)).stdout);
  }

  async find(namespace: NamespacePath, name: string): Promise<LinkState | undefined> {
    return (await this.observe(namespace)).find((link) => link.name === name);
  }

  /**
   * Moves the device into the namespace. Where both are there, the one inside lost its peer when
   * ovs-vswitchd restarted and made the other: it goes, the new one takes its place. Throws
   * `LINK_ABSENT` when there is neither.
   */
  async place(placement: Placement): Promise<void> {
    const { name, namespace, inside } = placement;
    const [atHome, there] = await Promise.all([this.find(this.#home, name), this.find(namespace, inside)]);
    if (there !== undefined && there.mac !== placement.mac) throw taken(placement, there);
    if (atHome === undefined) {
      if (there !== undefined) return;
      throw new PlimsollError("LINK_ABSENT", `device ${name}: neither at home nor in ${namespace}`);
    }
    if (there !== undefined) await this.#batch(namespace, [`link delete dev ${inside}`]);
    // Renamed on the way, it never has the name `eth0` at home.
    await this.#batch(this.#home, [`link set dev ${name} netns ${namespace} name ${inside}`]);
  }

  /** Moves the device back home under its own name, before the namespace ends. One that is not there is fine. */
  async takeBack({ name, namespace, inside }: Placement): Promise<void> {
    if ((await this.find(namespace, inside)) === undefined) return;
    await this.#batch(namespace, [
      `link set dev ${inside} down`,
      `link set dev ${inside} netns ${this.#home} name ${name}`,
    ]);
  }

  /**
   * A pair whose ends are `name` at home, up, and `inside` in the namespace. Half of a pair is made
   * anew. Returns whether one was made.
   */
  async ensureVeth(placement: Placement): Promise<boolean> {
    const { name, namespace, inside, mac } = placement;
    const [atHome, there] = await Promise.all([this.find(this.#home, name), this.find(namespace, inside)]);
    if (there !== undefined && there.mac !== mac) throw taken(placement, there);
    const isWhole = atHome !== undefined && there !== undefined;
    await this.#batch(this.#home, [
      ...(atHome === undefined || isWhole ? [] : [`link delete dev ${name}`]),
      ...(isWhole
        ? []
        : [`link add ${name} type veth peer name ${inside} netns ${namespace} address ${mac}`]),
      `link set dev ${name} up`,
    ]);
    return !isWhole;
  }

  /** Deletes a device at home, and with it the other end of a pair. One that is not there is fine. */
  async remove(name: string): Promise<void> {
    if ((await this.find(this.#home, name)) !== undefined) {
      await this.#batch(this.#home, [`link delete dev ${name}`]);
    }
  }

  /** Brings a device and the loopback up. */
  async raise(namespace: NamespacePath, name: string): Promise<void> {
    await this.#batch(namespace, ["link set dev lo up", `link set dev ${name} up`]);
  }

  /** Gives a device in a namespace its addresses and no others, MTU and default route, and brings it up. */
  async configure(namespace: NamespacePath, name: string, wanted: LinkSpec): Promise<void> {
    const link = await this.find(namespace, name);
    if (link === undefined) throw new PlimsollError("LINK_ABSENT", `device ${name}: not in ${namespace}`);
    const lines = planLink(link, wanted);
    if (lines.length > 0) await this.#batch(namespace, lines);
  }

  /**
   * Has the kernel compute checksums before packets enter a pair. The userspace datapath forwards
   * them as they are: with a checksum left to hardware that is not there, TCP never connects.
   */
  async disableChecksumOffload(namespace: NamespacePath, name: string): Promise<void> {
    await this.#run(["nsenter", `--net=${namespace}`, "--", "ethtool", "-K", name, "tx", "off"]);
  }

  /** ip(8) writes the reason first and then, unless a word could not be parsed, which line it was. */
  async #batch(namespace: NamespacePath, lines: readonly string[]): Promise<void> {
    const { code, stderr } = await this.#ip(
      namespace,
      ["-batch", "-"],
      `${lines.join("\n")}\n`,
      [0, 1, 2, 255],
    );
    if (code === 0) return;
    const [reason = ""] = stderr.trim().split("\n");
    const failed = lines[Number(/Command failed -:(\d+)/.exec(stderr)?.[1]) - 1] ?? lines.join("; ");
    throw new PlimsollError("LINK", `ip ${failed}: ${reason || `exit code ${code}`}`);
  }

  #ip(
    namespace: NamespacePath,
    args: readonly string[],
    input: string,
    okCodes: readonly number[] = [0],
  ): Promise<ExecResult> {
    return this.#run(["nsenter", `--net=${namespace}`, "--", "ip", ...args], { input, okCodes });
  }
}

function taken({ inside, namespace, mac }: Placement, there: LinkState): PlimsollError {
  const message = `device ${inside} in ${namespace}: has ${there.mac}, not ${mac}: it is another`;
  return new PlimsollError("LINK_TAKEN", message);
}
