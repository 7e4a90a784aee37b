/*
 *  cookie=0x706c4d1a5b8e2f90, priority=210,arp,in_port=3,dl_src=02:00:0a:0a:00:01,arp_spa=10.10.0.1,… actions=NORMAL
 *
 * ovs-ofctl(8) dump-flows --no-stats --no-names; fields as in ovs-fields(7).
 */
import { createHash } from "node:crypto";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { type Exec, exec } from "../../core/runtime/exec.ts";

/** What may come out of one port: its own MAC address with its own IPv4 addresses, and nothing else. */
export interface AntiSpoof {
  /** The container's id: its flows are found by it. */
  readonly id: string;
  readonly ofport: number;
  readonly mac: string;
  readonly addresses: readonly string[];
}

export interface FlowsOptions {
  /** Where ovs-vswitchd has its sockets. */
  readonly runFolder?: string;
  readonly run?: Exec;
}

const RUN_FOLDER = "/var/run/openvswitch";
/** The upper 16 bits of every cookie of ours: `pl`. */
const COOKIE_PREFIX = "0x706c";
const OUR_COOKIES = "0x706c000000000000/0xffff000000000000";
const ALLOW_PRIORITY = 210;
const DROP_PRIORITY = 200;

/**
 * Anti-spoofing flows of a bridge. They do not survive a restart of ovs-vswitchd, and they name a
 * port by its number, which a port made anew does not keep: remove them before the port.
 */
export class Flows {
  readonly #runFolder: string;
  readonly #run: Exec;

  constructor(options: FlowsOptions = {}) {
    this.#runFolder = options.runFolder ?? RUN_FOLDER;
    this.#run = options.run ?? exec;
  }

  /** Replaces each container's flows by the wanted ones, all in one step: at no moment are there less, or others. */
  async ensure(bridge: string, wanted: readonly AntiSpoof[]): Promise<void> {
    await this.#bundle(bridge, wanted.flatMap(renderFlows));
  }

  /** Those that are not there are fine. */
  async remove(bridge: string, ids: readonly string[]): Promise<void> {
    await this.#bundle(bridge, ids.map(renderRemoval));
  }

  /** How many flows each cookie of ours has. */
  async count(bridge: string): Promise<ReadonlyMap<string, number>> {
    const argv = this.#ofctl(bridge, "dump-flows", ["--no-stats", "--no-names"]);
    return parseCookies((await this.#run([...argv, `cookie=${OUR_COOKIES}`])).stdout);
  }

  /** A bundle (OpenFlow 1.4) happens as a whole or not at all. */
  async #bundle(bridge: string, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const argv = [...this.#ofctl(bridge, "add-flows", ["--bundle"]), "-"];
    try {
      await this.#run(argv, { input: `${lines.join("\n")}\n`, title: `ovs-ofctl add-flows ${bridge}` });
    } catch (cause) {
      throw new PlimsollError("OVS_FLOWS", `flows of bridge ${bridge}: not changed`, { cause });
    }
  }

  #ofctl(bridge: string, command: string, options: readonly string[]): readonly string[] {
    return ["ovs-ofctl", "-O", "OpenFlow14", ...options, command, `unix:${this.#runFolder}/${bridge}.mgmt`];
  }
}

/** 48 bits of the id's hash: two of a thousand containers on a bridge share a cookie on one host in 500 million. */
export function cookieOf(id: string): string {
  return COOKIE_PREFIX + createHash("sha256").update(id).digest("hex").slice(0, 12);
}

/**
 * The old flows go, the new ones come. An ARP probe asks from no address for the own one (RFC 5227):
 * without it the kernel could not look for a duplicate. IPv6 is dropped.
 */
export function renderFlows({ id, ofport, mac, addresses }: AntiSpoof): readonly string[] {
  const from = `cookie=${cookieOf(id)},priority=${ALLOW_PRIORITY},in_port=${ofport},dl_src=${mac}`;
  return [
    renderRemoval(id),
    ...addresses.flatMap((address) => [
      `add ${from},ip,nw_src=${address},actions=NORMAL`,
      `add ${from},arp,arp_sha=${mac},arp_spa=${address},actions=NORMAL`,
      `add ${from},arp,arp_sha=${mac},arp_spa=0.0.0.0,arp_tpa=${address},actions=NORMAL`,
    ]),
    `add cookie=${cookieOf(id)},priority=${DROP_PRIORITY},in_port=${ofport},actions=drop`,
  ];
}

/** How many flows a container with so many addresses has. */
export function flowCount(addresses: number): number {
  return 3 * addresses + 1;
}

/** Of each cookie, the number of flows. */
export function parseCookies(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [, cookie = ""] of text.matchAll(/\bcookie=(0x[\da-f]+)/g)) {
    counts.set(cookie, (counts.get(cookie) ?? 0) + 1);
  }
  return counts;
}

function renderRemoval(id: string): string {
  return `delete cookie=${cookieOf(id)}/-1`;
}
