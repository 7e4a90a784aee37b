import { isIP } from "node:net";
import type { Mapping } from "../../host/mapping.ts";
import type { Address } from "./address.ts";

/** LVS in front of the replicas, kept by keepalived on one or more directors (keepalived.conf(5), ipvsadm(8)). */
export interface Balancer {
  /** The address that clients know. It is the replicas' port unless packets are rewritten on their way. */
  readonly virtual: Address;
  readonly interface: string;
  readonly routerId: number;
  readonly method: "dr" | "nat" | "tunnel";
  readonly scheduler: string;
  readonly directors: readonly { readonly name: string; readonly priority: number }[];
}

export const BALANCER_KEYS = [
  "address",
  "port",
  "interface",
  "routerId",
  "method",
  "scheduler",
  "directors",
] as const;
type BalancerMapping = Mapping<(typeof BALANCER_KEYS)[number]>;

const METHODS: Readonly<Record<Balancer["method"], string>> = { dr: "DR", nat: "NAT", tunnel: "TUN" };
const SCHEDULERS = ["rr", "wrr", "lc", "wlc", "sh", "mh", "dh", "lblc", "sed", "nq"];

export function parseBalancer(mapping: BalancerMapping, replicas: readonly Address[]): Balancer {
  const host = mapping.text("address");
  if (isIP(host) === 0) mapping.refuse("address", `${JSON.stringify(host)} is not an address`);
  const stranger = replicas.find((each) => isIP(each.host) !== isIP(host));
  if (stranger !== undefined)
    mapping.refuse(
      "address",
      `${host} and ${stranger.host} are not of one protocol: IPVS does not translate`,
    );
  const method = mapping.text("method", "dr");
  if (!isMethod(method)) mapping.refuse("method", "must be dr, nat or tunnel");
  const port = mapping.number("port", replicas[0]?.port ?? 0, 1, 65_535);
  const other = replicas.find((replica) => replica.port !== port);
  if (other !== undefined && method !== "nat")
    mapping.refuse(
      "port",
      `the replica at ${other.host} has port ${other.port}: only nat leads to another port`,
    );
  const name = mapping.text("interface");
  if (!/^[\w.-]{1,15}$/.test(name))
    mapping.refuse("interface", `${JSON.stringify(name)} is not an interface`);
  const scheduler = mapping.text("scheduler", "wlc");
  if (!SCHEDULERS.includes(scheduler)) mapping.refuse("scheduler", `must be one of ${SCHEDULERS.join(", ")}`);
  return {
    virtual: { host, port },
    interface: name,
    routerId: mapping.number("routerId", 51, 1, 255),
    method,
    scheduler,
    directors: parseDirectors(mapping),
  };
}

function parseDirectors(mapping: BalancerMapping): Balancer["directors"] {
  const directors = mapping.named("directors", ["priority"]).map(([name, director]) => {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
      mapping.refuse("directors", `${JSON.stringify(name)} is not a host's name`);
    return { name, priority: director.number("priority", 100, 1, 254) };
  });
  return directors.length > 0 ? directors : mapping.refuse("directors", "at least one is needed");
}

function isMethod(text: string): text is Balancer["method"] {
  return text in METHODS;
}

/** keepalived.conf of one director. All begin as backups: the priorities decide, and a start makes no flapping. */
export function renderKeepalived(
  balancer: Balancer,
  director: Balancer["directors"][number],
  replicas: readonly Address[],
): string {
  const { virtual, method, scheduler } = balancer;
  const length = isIP(virtual.host) === 6 ? 128 : 32;
  const lines = [
    "global_defs {",
    `    router_id ${director.name}`,
    "}",
    "",
    "vrrp_instance plimsoll_registry {",
    "    state BACKUP",
    `    interface ${balancer.interface}`,
    `    virtual_router_id ${balancer.routerId}`,
    `    priority ${director.priority}`,
    "    advert_int 1",
    `    virtual_ipaddress {`,
    `        ${virtual.host}/${length}`,
    "    }",
    "}",
    "",
    `virtual_server ${virtual.host} ${virtual.port} {`,
    "    delay_loop 3",
    `    lb_algo ${scheduler}`,
    `    lb_kind ${METHODS[method]}`,
    "    protocol TCP",
    ...replicas.flatMap(renderReplica),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** A connection that opens is a replica that serves: its own health check closes the port of one that does not. */
function renderReplica({ host, port }: Address): readonly string[] {
  return [
    "",
    `    real_server ${host} ${port} {`,
    "        weight 1",
    "        TCP_CHECK {",
    "            connect_timeout 3",
    "            retry 2",
    "            delay_before_retry 1",
    "        }",
    "    }",
  ];
}
