import { LATE, withPatience } from "../../core/runtime/patience.ts";
import type { DockerEngine } from "../docker/engine.ts";
import { LABEL } from "../executors/names.ts";
import { readReports, reportedState } from "../fleet/reports.ts";
import type { MachineRecord } from "../machines/documents.ts";
import { findLease } from "../machines/lease.ts";
import { readNetwork } from "../networks/networks.ts";
import { listTroubles, type Trouble } from "../reconcile/troubles.ts";
import { renderBytes } from "../step/render.ts";
import type { Store } from "../store/types.ts";

/** Listing 200 containers takes an engine some 100 ms. */
const ENGINE_MS = 5000;

/** What a person or a script is shown of a machine. */
export interface MachineView {
  readonly name: string;
  readonly ip: string | null;
  readonly mac: string | null;
  readonly id: string;
  readonly host: string;
  readonly type: string;
  /** `unknown`: on a host that does not report, or whose engine does not answer. */
  readonly state: "running" | "stopped" | "unknown";
  /** What is being done with it. */
  readonly busy: string | null;
  /** What the daemon could not mend so far. */
  readonly trouble: string | null;
  readonly power: "on" | "off";
  readonly image: string;
  readonly command: readonly string[];
  readonly generation: number;
  readonly cpus: number;
  readonly cpuset: string;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly fileSystem: string;
  readonly network: string;
  readonly attach: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly created: string;
}

/** As the store and, on this host, Docker know them. */
export async function viewMachines(
  store: Store,
  hostName: string,
  docker: DockerEngine,
  records: readonly (MachineRecord & { readonly revision?: number })[],
): Promise<readonly MachineView[]> {
  const running = await runningMachines(docker);
  const reports = await readReports(store);
  const troubles = await listTroubles(store);
  return Promise.all(
    records.map((record) =>
      viewMachine(
        store,
        record,
        record.host === hostName
          ? localState(running, record.machine.id)
          : reportedState(reports.get(record.host), record),
        troubles.get(record.machine.id),
      ),
    ),
  );
}

async function viewMachine(
  store: Store,
  { machine, host, createdMs, busy }: MachineRecord,
  state: MachineView["state"],
  trouble: Trouble | undefined,
): Promise<MachineView> {
  const { network } = await readNetwork(store, machine.network);
  const lease = await findLease(store, network, machine.id);
  const { id, name, type, power, image, command, generation, limits, disk, attach, labels } = machine;
  return {
    name,
    ip: lease?.address ?? null,
    mac: lease?.mac ?? null,
    id,
    host,
    type,
    state,
    busy: busy ?? null,
    trouble: trouble?.text ?? null,
    power,
    image,
    command,
    generation,
    ...limits,
    diskBytes: disk.bytes,
    fileSystem: disk.fileSystem,
    network: network.name,
    attach,
    labels,
    created: new Date(createdMs).toISOString(),
  };
}

function localState(running: ReadonlySet<string> | undefined, id: string): MachineView["state"] {
  if (running === undefined) return "unknown";
  return running.has(id) ? "running" : "stopped";
}

/**
 * The ids of the machines whose container runs. Undefined where the engine is away, or takes the request
 * and never answers: the list is worth having all the same.
 */
async function runningMachines(docker: DockerEngine): Promise<ReadonlySet<string> | undefined> {
  const asked = docker.listContainers(LABEL.generation).catch((): typeof LATE => LATE);
  const containers = await withPatience(asked, ENGINE_MS);
  if (containers === LATE) return undefined;
  return new Set(
    containers.filter(({ isRunning }) => isRunning).map(({ labels }) => labels[LABEL.machine] ?? ""),
  );
}

export const MACHINE_TITLES: readonly string[] = [
  ...["NAME", "IP", "STATE", "TYPE", "CPUS", "MEMORY", "DISK", "NETWORK", "IMAGE", "HOST"],
];

export function machineRow(view: MachineView): readonly string[] {
  const trouble = view.trouble === null ? undefined : "in trouble";
  const state = [view.state, view.busy ?? trouble].filter((each) => each !== undefined).join(", ");
  const size = [String(view.cpus), renderBytes(view.memoryBytes), renderBytes(view.diskBytes)];
  return [view.name, view.ip ?? "-", state, view.type, ...size, view.network, view.image, view.host];
}
