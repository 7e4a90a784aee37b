import { inTurns } from "../drivers/in-turns.ts";
import { namespaceOfPid } from "../drivers/links.ts";
import type { EventLog } from "../events/event-log.ts";
import { INSIDE, LABEL } from "../executors/names.ts";
import type { Host } from "../host/host.ts";
import { type FoundMachine, listMachines } from "../machines/machines.ts";
import { type Journal, recordOf } from "../operations/journal.ts";

/** Not ten seconds: somebody else has the address. */
const STOP_SECONDS = 2;

const AT_ONCE = 8;
/** Cards first: from then on an address is answered for once. A holder after what runs in its namespace. */
const KINDS = ["port", "container", "holder"] as const;

/** What of ours runs or is plugged in, by the machine it was made for. */
interface Present {
  readonly machine: string;
  readonly kind: (typeof KINDS)[number];
  readonly what: string;
  end(): Promise<unknown>;
}

/**
 * Ends what runs here and may run elsewhere: machines that the store has on another host, and while this host
 * is fenced all. Volumes and what is stopped stay as they are:
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
  const failures = await endInOrder(strays);
  const ids = [...new Set(strays.map(({ machine }) => machine))];
  for (const id of ids) {
    const what = strays.filter(({ machine }) => machine === id).map((each) => each.what);
    const record = machines.find(({ machine }) => machine.id === id);
    const where =
      record === undefined || record.host === host.config.name ? "fenced" : `on ${record.host} now`;
    const text = `${where}: ended ${what.join(", ")}`;
    await events.add({ kind: "quarantine", state: "done", id, name: record?.machine.name, text });
  }
  if (failures.length > 0) throw failures[0];
  return ids;
}

/** One that does not end keeps no other from its end. */
async function endInOrder(strays: readonly Present[]): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  for (const kind of KINDS) {
    const alike = strays.filter((each) => each.kind === kind);
    await inTurns(alike, AT_ONCE, ({ end }) => end().catch((error: unknown) => failures.push(error)));
  }
  return failures;
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
  return [
    ...ovs.listOurPorts().map((port): Present => {
      const spec = { ...port, vlan: port.vlan ?? 0, mac: port.mac ?? "" };
      const card = { port: spec, namespace: namespaceOfPid(0), inside: INSIDE.card, addresses: [] };
      const end = (): Promise<unknown> => attachments.unplug([card]);
      return { machine: port.owner.id, kind: "port", what: `port ${port.name}`, end };
    }),
    ...containers.map(({ id, labels }): Present => {
      const kind = labels[LABEL.generation] === undefined ? "holder" : "container";
      const end = (): Promise<unknown> => docker.stopContainer(id, STOP_SECONDS);
      return { machine: labels[LABEL.machine] ?? "", kind, what: `${kind} ${id.slice(0, 12)}`, end };
    }),
  ];
}
