/*
 * [{"ifindex":4,"ifname":"eth0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"address":"02:00:0a:0a:00:01",
 *   "addr_info":[{"family":"inet","local":"10.10.0.1","prefixlen":24,"scope":"global"}]}]
 * [{"dst":"default","gateway":"10.10.0.254","dev":"eth0","flags":[]}]
 *
 * ip -json address show, ip -json route show default (ip-address(8), ip-route(8)): a line each.
 */
import { PlimsollError } from "../../core/runtime/errors.ts";

/** A network device as it is in one namespace. */
export interface LinkState {
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  readonly isUp: boolean;
  /** Something is at the other end. A tap whose ovs-vswitchd has restarted has lost it. */
  readonly hasCarrier: boolean;
  /** IPv4, with their prefix length: `10.10.0.1/24`. */
  readonly addresses: readonly string[];
  /** Of the default route over this device. */
  readonly gateway: string | undefined;
}

/** What a container's device shall have. */
export interface LinkSpec {
  /** Bytes; as it is unless told. Open vSwitch's own mtu_request does not reach a moved device. */
  readonly mtu?: number;
  readonly addresses: readonly string[];
  readonly gateway?: string;
}

interface IpLink {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly address?: string;
  readonly addr_info?: readonly IpAddress[];
}

interface IpAddress {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
}

interface IpRoute {
  readonly dev?: string;
  readonly gateway?: string;
}

export function parseLinks(text: string): readonly LinkState[] {
  const [links, routes] = parseLines(text);
  return (links as readonly IpLink[]).map((link) => ({
    name: link.ifname,
    mac: link.address ?? "",
    mtu: link.mtu,
    isUp: link.flags.includes("UP"),
    hasCarrier: link.flags.includes("LOWER_UP"),
    addresses: (link.addr_info ?? [])
      .filter(({ family }) => family === "inet")
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    gateway: (routes as readonly IpRoute[]).find(({ dev }) => dev === link.ifname)?.gateway,
  }));
}

/** Of `/proc/PID/net/dev` (proc_pid_net(5)): `  eth0: 1296 16 …` below two lines of titles. */
export function parseDeviceNames(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/^ *([^\s|]+):/gm)].map(([, name = ""]) => name));
}

/** The lines of `ip -batch` that turn what is into what shall be; none when it is. */
export function planLink(observed: LinkState, wanted: LinkSpec): readonly string[] {
  const { name } = observed;
  const surplus = observed.addresses.filter((address) => !wanted.addresses.includes(address));
  const missing = wanted.addresses.filter((address) => !observed.addresses.includes(address));
  const hasMtu = wanted.mtu === undefined || wanted.mtu === observed.mtu;
  const keepsRoute = surplus.length === 0 && observed.isUp && observed.gateway === wanted.gateway;
  return [
    ...(hasMtu ? [] : [`link set dev ${name} mtu ${wanted.mtu}`]),
    ...surplus.map((address) => `address delete ${address} dev ${name}`),
    // The first address of a network takes the others of that network along when it goes.
    ...(surplus.length > 0 ? wanted.addresses : missing).map(
      (address) => `address replace ${address} dev ${name}`,
    ),
    ...(observed.isUp ? [] : [`link set dev ${name} up`]),
    ...(keepsRoute ? [] : planRoute(observed, wanted)),
  ];
}

/** The last address takes the route along, a device that is down has none: neither is an error of flush. */
function planRoute({ name, gateway }: LinkState, wanted: LinkSpec): readonly string[] {
  if (wanted.gateway !== undefined) return [`route replace default via ${wanted.gateway} dev ${name}`];
  return gateway === undefined ? [] : [`route flush exact default dev ${name}`];
}

function parseLines(text: string): readonly [readonly unknown[], readonly unknown[]] {
  try {
    const [links, routes = []] = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    if (Array.isArray(links) && Array.isArray(routes)) return [links, routes];
  } catch (cause) {
    throw new PlimsollError("LINK", "ip: output is not JSON", { cause });
  }
  throw new PlimsollError("LINK", "ip: output is not a list");
}
