import { namespaceOfPid } from "../drivers/links.ts";
import type { EventLog } from "../events/event-log.ts";
import { INSIDE, LABEL } from "../executors/names.ts";
import type { Host } from "../host/host.ts";
import { type FoundMachine, listMachines } from "../machines/machines.ts";
import { type Journal, recordOf } from "../operations/journal.ts";

/** Not ten seconds: somebody else has the address. */
const STOP_SECONDS = 2;

/** What of ours runs or is plugged in, by the machine it was made for. */
export interface Present {
  readonly machine: string;
  readonly what: string;
  end(): Promise<unknown>;
}

/**
 * Ends what runs here and may run elsewhere: machines that the store has on another host, and while this host
 * is fenced all. Cards first, so that the address is answered for once. Volumes and what is stopped stay as they are:
 * nothing is lost here. Returns the ids of the machines that were ended.
 */
export async function quarantineStrays(
  host: Host,
  isFenced: boolean,
  { journal, events }: { readonly journal: Journal; readonly events: EventLog },
): Promise<readonly string[]> {
  // In this order: what is being made here is seen after its operation has begun, and until that ends the machine
  // is another host's in the store.
  const present = await findPresent(host);
  const begun = (await journal.list()).flatMap(({ tracks }) =>
    tracks.map((track) => recordOf(track).machine.id),
  );
  const machines = await listMachines(host.store);
  const strays = chooseStrays(present, { machines, begun, here: host.config.name, isFenced });
  for (const { end } of strays) await end();
  const ids = [...new Set(strays.map(({ machine }) => machine))];
  for (const id of ids) {
    const what = strays.filter(({ machine }) => machine === id).map((each) => each.what);
    const record = machines.find(({ machine }) => machine.id === id);
    const where =
      record === undefined || record.host === host.config.name ? "fenced" : `on ${record.host} now`;
    const text = `${where}: ended ${what.join(", ")}`;
    await events.add({ kind: "quarantine", state: "done", id, name: record?.machine.name, text });
  }
  return ids;
}

/** What is known here of where machines are. */
export interface Whereabouts {
  readonly machines: readonly FoundMachine[];
  /** Ids of those that this host's journal has an operation on. */
  readonly begun: readonly string[];
  readonly here: string;
  readonly isFenced: boolean;
}

/** Of a machine that the store does not know nobody can say where it is: it is an orphan, and told as one. */
export function chooseStrays<T extends Pick<Present, "machine">>(
  present: readonly T[],
  { machines, begun, here, isFenced }: Whereabouts,
): readonly T[] {
  const hostOf = new Map(machines.map(({ machine, host }) => [machine.id, host]));
  return present.filter(({ machine }) => {
    const host = hostOf.get(machine);
    return host !== undefined && (isFenced || (host !== here && !begun.includes(machine)));
  });
}

async function findPresent({ docker, ovs, attachments }: Host): Promise<readonly Present[]> {
  const containers = (await docker.listContainers(LABEL.machine)).filter(({ isRunning }) => isRunning);
  // A holder last: what runs in its namespace ends before it.
  const isHolder = (labels: Readonly<Record<string, string>>): boolean =>
    labels[LABEL.generation] === undefined;
  const inOrder = [...containers].sort((a, b) => Number(isHolder(a.labels)) - Number(isHolder(b.labels)));
  return [
    ...ovs.listOurPorts().map((port): Present => {
      const spec = { ...port, vlan: port.vlan ?? 0, mac: port.mac ?? "" };
      const card = { port: spec, namespace: namespaceOfPid(0), inside: INSIDE.card, addresses: [] };
      return { machine: port.owner.id, what: `port ${port.name}`, end: () => attachments.unplug([card]) };
    }),
    ...inOrder.map(
      ({ id, labels }): Present => ({
        machine: labels[LABEL.machine] ?? "",
        what: `${isHolder(labels) ? "holder" : "container"} ${id.slice(0, 12)}`,
        end: () => docker.stopContainer(id, STOP_SECONDS),
      }),
    ),
  ];
}
