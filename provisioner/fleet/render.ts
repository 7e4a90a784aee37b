import { renderBytes } from "../step/render.ts";
import type { Order } from "./documents.ts";
import type { FleetHost, Room } from "./types.ts";

/** What a person or a script is shown of a host. */
export interface HostView {
  readonly name: string;
  readonly state: FleetHost["state"];
  readonly address: string;
  readonly capacity: Room;
  /** Promised to machines, and to those on their way. */
  readonly used: Room;
  readonly machines: number;
  readonly running: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly images: readonly string[];
  readonly version: string;
  /** When it reported last; null while it does not. */
  readonly seen: string | null;
}

export function viewHost(host: FleetHost): HostView {
  const { name, state, address, capacity, used, machines, running, labels, images, version, seenMs } = host;
  return {
    ...{ name, state, address, capacity, used, machines, running: running.size, labels, images, version },
    seen: seenMs === undefined ? null : new Date(seenMs).toISOString(),
  };
}

export interface OrderView {
  readonly host: string;
  readonly state: Order["state"];
  readonly since: string;
  /** The host on which it was said. */
  readonly by: string;
}

export function viewOrder(host: string, { state, sinceMs, by }: Order): OrderView {
  return { host, state, since: new Date(sinceMs).toISOString(), by };
}

export const HOST_TITLES: readonly string[] = [
  ...["NAME", "STATE", "ADDRESS", "MACHINES", "CPUS", "MEMORY", "DISK", "LABELS"],
];

/** Of what there is, how much is promised: `1.5/4`. */
export function hostRow({
  name,
  state,
  address,
  machines,
  capacity,
  used,
  labels,
}: HostView): readonly string[] {
  const bytes = (kind: "memoryBytes" | "diskBytes"): string =>
    `${renderBytes(used[kind])}/${renderBytes(capacity[kind])}`;
  const words = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [
    ...[name, state, address, String(machines)],
    `${Math.round(used.cpus * 100) / 100}/${capacity.cpus}`,
    ...[bytes("memoryBytes"), bytes("diskBytes"), words.join(",") || "-"],
  ];
}
