/*
 * machines/6f1c…      {"name":"web","host":"h1","generation":1,"image":"debian:12","command":[],"cpus":"0.5","cpuset":"0",
 *                      "memoryBytes":536870912,"diskBytes":1073741824,"fileSystem":"ext4","network":"front","attach":"internal",
 *                      "type":"container","labels":["team=shop"],"power":"on","createdMs":1700000000000}
 * machine-names/web   {"id":"6f1c…"}
 *
 * The second is made and removed with the first, and is what makes a second machine of the name fail.
 */
import type { Machine } from "../resources/types.ts";
import { Fields } from "../store/documents.ts";
import type { Entry, Store } from "../store/types.ts";

export const MACHINES = "machines/";

export const OPERATION_KINDS = [
  "create",
  "start",
  "stop",
  "restart",
  "resize",
  "rebuild",
  "repair",
  "evacuate",
  "destroy",
] as const;

export type OperationKind = (typeof OPERATION_KINDS)[number];

/** A machine as the store has it. */
export interface MachineRecord {
  readonly machine: Machine;
  /** Who runs it. */
  readonly host: string;
  readonly createdMs: number;
  /** What is being done with it, or was when its provisioner ended. */
  readonly busy?: OperationKind | undefined;
}

export function machineKey(id: string): string {
  return MACHINES + id;
}

export function nameKey(name: string): string {
  return `machine-names/${name}`;
}

export function encodeMachine({ machine, host, createdMs, busy }: MachineRecord): object {
  const { id: _, limits, disk, labels, ...rest } = machine;
  return {
    ...rest,
    cpus: String(limits.cpus),
    cpuset: limits.cpuset,
    memoryBytes: limits.memoryBytes,
    diskBytes: disk.bytes,
    fileSystem: disk.fileSystem,
    labels: Object.entries(labels).map(([name, value]) => `${name}=${value}`),
    host,
    createdMs,
    busy,
  };
}

export function decodeMachine(
  store: Pick<Store, "name">,
  entry: Pick<Entry, "key" | "value">,
): MachineRecord {
  const fields = new Fields(store, entry);
  const busy = fields.optionalText("busy");
  return {
    machine: {
      id: entry.key.slice(entry.key.lastIndexOf("/") + 1),
      name: fields.text("name"),
      generation: fields.integer("generation", 1),
      image: fields.text("image"),
      command: fields.texts("command"),
      limits: {
        cpus: fields.parsed("cpus", "a number of CPUs", parsePositive),
        cpuset: fields.text("cpuset"),
        memoryBytes: fields.integer("memoryBytes", 1),
      },
      disk: {
        bytes: fields.integer("diskBytes", 1),
        fileSystem: fields.choice("fileSystem", ["ext4", "xfs", "btrfs"]),
      },
      network: fields.text("network"),
      address: fields.optionalText("address"),
      attach: fields.choice("attach", ["internal", "veth"]),
      type: fields.text("type"),
      labels: Object.fromEntries(fields.texts("labels").map(splitLabel)),
      power: fields.choice("power", ["on", "off"]),
    },
    host: fields.text("host"),
    createdMs: fields.integer("createdMs", 0),
    busy: busy === undefined ? undefined : fields.choice("busy", OPERATION_KINDS),
  };
}

/** `team=shop`: a value may contain further equals signs; without any it is empty. */
export function splitLabel(text: string): readonly [name: string, value: string] {
  const [name = "", ...value] = text.split("=");
  return [name, value.join("=")];
}

function parsePositive(text: string): number | undefined {
  const value = Number(text);
  return value > 0 && Number.isFinite(value) ? value : undefined;
}
