import { NotFoundError, PlimsollError } from "../../core/runtime/errors.ts";
import { Fields } from "../store/documents.ts";
import type { Entry, Store } from "../store/types.ts";
import { decodeMachine, MACHINES, type MachineRecord, machineKey, nameKey } from "./documents.ts";

export interface FoundMachine extends MachineRecord {
  readonly revision: number;
}

/** By name. */
export async function listMachines(store: Store): Promise<readonly FoundMachine[]> {
  const { entries } = await store.list(MACHINES);
  return entries
    .map((entry) => decodeFound(store, entry))
    .sort((a, b) => (a.machine.name < b.machine.name ? -1 : 1));
}

/** Throws NotFoundError. */
export async function readMachine(store: Store, name: string): Promise<FoundMachine> {
  const pointer = await store.get(nameKey(name));
  const id = pointer === undefined ? "" : new Fields(store, pointer).text("id");
  const entry = pointer === undefined ? undefined : await store.get(machineKey(id));
  if (entry === undefined) throw new NotFoundError(`container ${name}: not found`);
  return decodeFound(store, entry);
}

/** As `readMachine`; throws where it is, when that is not this host: each host's daemon is for its own. */
export async function readOurMachine(store: Store, name: string, here: string): Promise<FoundMachine> {
  const found = await readMachine(store, name);
  if (found.host === here) return found;
  throw new PlimsollError("ELSEWHERE", `container ${name}: is on host ${found.host}, this is ${here}`, {
    hint: `plimsoll ct, or the API of ${found.host}`,
  });
}

export function decodeFound(store: Pick<Store, "name">, entry: Entry): FoundMachine {
  return { ...decodeMachine(store, entry), revision: entry.revision };
}
