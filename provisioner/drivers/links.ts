import { readFileSync } from "node:fs";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, type ExecResult, exec } from "../../core/runtime/exec.ts";
import { inTurns } from "./in-turns.ts";
import { type LinkSpec, type LinkState, parseDeviceNames, parseLinks, planLink } from "./links-state.ts";

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
  /** Another name that it answers to there. */
  readonly alias?: string | undefined;
  readonly mac: string;
}

/** A placement, and where its device is found. */
export interface Whereabouts {
  readonly placement: Placement;
  readonly isHome: boolean;
  readonly isInside: boolean;
}

export interface LinksOptions {
  /** Where ovs-vswitchd and its devices live, this process's own namespace unless told. */
  readonly home?: NamespacePath;
  readonly run?: Exec;
}

/** Commands that run side by side; more would only wait for the kernel's lock on all of networking. */
const AT_ONCE = 4;

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

  /** Where each device is. Throws `LINK_TAKEN` when another has its name inside. */
  async survey(placements: readonly Placement[]): Promise<readonly Whereabouts[]> {
    if (placements.length === 0) return [];
    const atHome = await this.#names(this.#home);
    return inTurns(placements, AT_ONCE, async (placement) => {
      const { name, namespace, inside, mac } = placement;
      const isThere = (await this.#names(namespace)).has(inside);
      const there = isThere ? await this.find(namespace, inside) : undefined;
      if (there !== undefined && there.mac !== mac) throw taken(placement, there);
      return { placement, isHome: atHome.has(name), isInside: there !== undefined };
    });
  }

  /**
   * Moves the devices into their namespaces. Where one is at home and inside, the one inside lost its
   * peer when ovs-vswitchd restarted and made the other: it goes, the new one takes its place.
   * Throws `LINK_ABSENT` for one that is nowhere.
   */
  async place(found: readonly Whereabouts[]): Promise<void> {
    const nowhere = found.find(({ isHome, isInside }) => !isHome && !isInside);
    if (nowhere !== undefined) throw absent(nowhere.placement);
    const toMove = found.filter(({ isHome }) => isHome);
    const orphans = toMove.filter(({ isInside }) => isInside);
    await inTurns(orphans, AT_ONCE, ({ placement: { namespace, inside } }) =>
      this.#batch(namespace, [`link delete dev ${inside}`]),
    );
    // Renamed on the way, none has the name `eth0` at home.
    const lines = toMove.map(
      ({ placement: { name, namespace, inside } }) =>
        `link set dev ${name} netns ${namespace} name ${inside}`,
    );
    await this.#batch(this.#home, lines);
    await inTurns(toMove, AT_ONCE, ({ placement: { namespace, inside, alias } }) =>
      this.#batch(namespace, alias === undefined ? [] : [`link property add dev ${inside} altname ${alias}`]),
    );
  }

  /** Moves the device back home under its own name, before the namespace ends. One that is not there is fine. */
  async takeBack({ name, namespace, inside, alias }: Placement): Promise<void> {
    if ((await this.find(namespace, inside)) === undefined) return;
    await this.#batch(namespace, [
      ...(alias === undefined ? [] : [`link property del dev ${inside} altname ${alias}`]),
      `link set dev ${inside} down`,
      `link set dev ${inside} netns ${this.#home} name ${name}`,
    ]);
  }

  /**
   * Pairs whose ends are `name` at home, up, and `inside` in the namespace. Half of a pair is made
   * anew. Returns those that were made.
   */
  async ensurePairs(found: readonly Whereabouts[]): Promise<readonly Placement[]> {
    const toMake = found.filter(({ isHome, isInside }) => !isHome || !isInside);
    const lines = toMake.flatMap(({ placement: { name, namespace, inside, mac }, isHome }) => [
      ...(isHome ? [`link delete dev ${name}`] : []),
      `link add ${name} type veth peer name ${inside} netns ${namespace} address ${mac}`,
    ]);
    const up = found.map(({ placement: { name } }) => `link set dev ${name} up`);
    await this.#batch(this.#home, [...lines, ...up]);
    return toMake.map(({ placement }) => placement);
  }

  /** Deletes devices at home, and with them the other ends of pairs. Those that are not there are fine. */
  async remove(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const atHome = await this.#names(this.#home);
    await this.#batch(
      this.#home,
      names.filter((name) => atHome.has(name)).map((name) => `link delete dev ${name}`),
    );
  }

  /** Brings a device and the loopback up. */
  async raise(namespace: NamespacePath, name: string): Promise<void> {
    await this.#batch(namespace, ["link set dev lo up", `link set dev ${name} up`]);
  }

  /** Gives a device in a namespace its addresses and no others, MTU and default route, and brings it up. */
  async configure(namespace: NamespacePath, name: string, wanted: LinkSpec): Promise<void> {
    const link = await this.find(namespace, name);
    if (link === undefined) throw new PlimsollError("LINK_ABSENT", `device ${name}: not in ${namespace}`);
    await this.#batch(namespace, planLink(link, wanted));
  }

  /**
   * Has the kernel compute checksums before packets enter a pair. The userspace datapath forwards
   * them as they are: with a checksum left to hardware that is not there, TCP never connects.
   */
  async disableChecksumOffload(namespace: NamespacePath, name: string): Promise<void> {
    await this.#run(["nsenter", `--net=${namespace}`, "--", "ethtool", "-K", name, "tx", "off"]);
  }

  /** Of a process's namespace the kernel tells them without a program. */
  async #names(namespace: NamespacePath): Promise<ReadonlySet<string>> {
    const process = /^\/proc\/\d+(?=\/ns\/net$)/.exec(namespace)?.[0];
    if (process === undefined) return new Set((await this.observe(namespace)).map(({ name }) => name));
    try {
      return parseDeviceNames(readFileSync(`${process}/net/dev`, "utf8"));
    } catch (cause) {
      throw new PlimsollError("LINK", `namespace ${namespace}: is gone`, { cause });
    }
  }

  /** ip(8) writes the reason first and then, unless a word could not be parsed, which line it was. */
  async #batch(namespace: NamespacePath, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
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

function absent({ name, namespace }: Placement): PlimsollError {
  return new PlimsollError("LINK_ABSENT", `device ${name}: neither at home nor in ${namespace}`);
}

function taken({ inside, namespace, mac }: Placement, there: LinkState): PlimsollError {
  const message = `device ${inside} in ${namespace}: has ${there.mac}, not ${mac}: it is another`;
  return new PlimsollError("LINK_TAKEN", message);
}
