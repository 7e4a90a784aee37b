import type { Labels, Series } from "../../core/metrics/series.ts";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { counter, gauge, type Metric, point } from "../metric.ts";
import { defineSource, filters, isWanted, NOTHING, type SourceKind } from "../source-kind.ts";
import type { SourceContext } from "./types.ts";

const FOLDER = "/sys/class/net";

const UP = gauge("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.");
const SPEED = property("speed_bytes");
const INFO = gauge("node_network_info", "Non-numeric data from /sys/class/net/<iface>, value is always 1.");

/** Attributes that are texts, node_exporter's labels of `node_network_info`. */
const TEXTS = ["address", "broadcast", "duplex", "ifalias", "operstate"] as const;

/** Attribute → metric. */
const NUMBERS: readonly (readonly [attribute: string, Metric])[] = [
  ["addr_assign_type", property("address_assign_type")],
  ["carrier", property("carrier")],
  ["carrier_changes", property("carrier_changes_total")],
  ["carrier_up_count", property("carrier_up_changes_total")],
  ["carrier_down_count", property("carrier_down_changes_total")],
  ["dev_id", property("device_id")],
  ["dormant", property("dormant")],
  ["flags", property("flags")],
  ["ifindex", property("iface_id")],
  ["iflink", property("iface_link")],
  ["link_mode", property("iface_link_mode")],
  ["mtu", property("mtu_bytes")],
  ["name_assign_type", property("name_assign_type")],
  ["netdev_group", property("net_dev_group")],
  ["type", property("protocol_type")],
  ["tx_queue_len", property("transmit_queue_length")],
];

/** Opt-in: a file for each of some twenty attributes of each device. They seldom change. */
export const netclass: SourceKind = defineSource({
  name: "netclass",
  describes: "up, speed, MTU and the like of each network device, from /sys/class/net",
  isOff: true,
  intervalMs: 60_000,
  options: filters("devices", NOTHING),
  open: (wanted) => async (context) => {
    const devices = (await context.list(FOLDER)).filter((device) => isWanted(device, wanted));
    return (await Promise.all(devices.map((device) => pointsOf(device, context)))).flat();
  },
});

async function pointsOf(device: string, context: SourceContext): Promise<Series[]> {
  const { nowMs } = context;
  const [texts, numbers, megabits] = await Promise.all([
    Promise.all(TEXTS.map(async (name) => [name, await attribute(device, name, context)] as const)),
    Promise.all(NUMBERS.map(([name]) => attribute(device, name, context))),
    attribute(device, "speed", context),
  ]);
  const labels: Labels = { device };
  const info = Object.fromEntries(texts.map(([name, text]) => [name, text ?? ""]));
  const speed = Number(megabits ?? -1);
  return [
    point(UP, labels, info.operstate === "up" ? 1 : 0, nowMs),
    point(INFO, { device, ...info }, 1, nowMs),
    ...NUMBERS.flatMap(([name, metric], index) => numberOf(device, name, metric, numbers[index], nowMs)),
    // A device that is down, or has no speed, says -1.
    ...(speed < 0 ? [] : [point(SPEED, labels, (speed * 1e6) / 8, nowMs)]),
  ];
}

function numberOf(
  device: string,
  name: string,
  metric: Metric,
  text: string | undefined,
  nowMs: number,
): Series[] {
  if (text === undefined) return [];
  const value = Number(text); // `0x1003` too.
  if (text !== "" && Number.isFinite(value)) return [point(metric, { device }, value, nowMs)];
  throw new PlimsollError("PARSE", `${FOLDER}/${device}/${name}: ${JSON.stringify(text)} is not a number`);
}

/** A device need not have every attribute, nor answer while it is down; it may also be gone by now. */
async function attribute(device: string, name: string, { read }: SourceContext): Promise<string | undefined> {
  try {
    return (await read(`${FOLDER}/${device}/${name}`)).trim();
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENODEV"].includes(errnoOf(error) ?? ""))
      return undefined;
    throw error;
  }
}

function property(name: string): Metric {
  const kind = name.endsWith("_total") ? counter : gauge;
  return kind(`node_network_${name}`, `Network device property: ${name}`);
}
