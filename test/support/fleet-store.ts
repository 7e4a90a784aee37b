import { register } from "../../provisioner/fleet/register.ts";
import type { FleetHost, HostFacts } from "../../provisioner/fleet/types.ts";
import { encodeMachine, machineKey, nameKey } from "../../provisioner/machines/documents.ts";
import type { FoundMachine } from "../../provisioner/machines/machines.ts";
import type { Machine } from "../../provisioner/resources/types.ts";
import { openStore } from "../../provisioner/store/open.ts";
import type { Store } from "../../provisioner/store/types.ts";
import type { Cleanup } from "./cleanup.ts";
import { type PrivateEtcd, startEtcd } from "./etcd.ts";
import { MACHINE } from "./machine-model.ts";

const GIB = 2 ** 30;
let stores = 0;

/** Stores in one etcd of the test's own, a new one at each call. */
export async function openSharedStores(cleanup: Cleanup): Promise<() => Promise<Store>> {
  const etcd: PrivateEtcd = await startEtcd(cleanup);
  return async () => {
    const store = await openStore(etcd.storeUrl(`fleet-${stores++}`));
    cleanup.add("store", () => store.close());
    return store;
  };
}

/** A host with 4 CPUs, 8 GiB of memory and 40 GiB of disk. */
export function factsOf(name: string, changes: Partial<HostFacts> = {}): HostFacts {
  return {
    ...{ name, address: "10.0.0.1", online: "0-3", labels: {}, version: "0.1.0" },
    capacity: { cpus: 4, memoryBytes: 8 * GIB, diskBytes: 40 * GIB },
    ...changes,
  };
}

/** It reports, for as long as a test lasts. */
export async function addHost(
  store: Store,
  name: string,
  changes: Partial<HostFacts> = {},
  running: readonly string[] = [],
): Promise<void> {
  await register(store, factsOf(name, changes), { atMs: 1_700_000_000_000, running, images: ["debian:12"] });
}

/** A machine with half a CPU, 512 MiB and 1 GiB. */
export async function addMachine(
  store: Store,
  name: string,
  host: string,
  changes: Partial<Machine> = {},
): Promise<Machine> {
  const machine = machineOf(name, changes);
  await store.transact({
    expect: [],
    put: [
      { key: machineKey(machine.id), value: encodeMachine({ machine, host, createdMs: 0 }) },
      { key: nameKey(name), value: { id: machine.id } },
    ],
  });
  return machine;
}

export function machineOf(name: string, changes: Partial<Machine> = {}): Machine {
  return { ...MACHINE, id: `id-of-${name}`, name, ...changes };
}

/** As a fleet that was read has it. */
export function foundOf(name: string, host: string, changes: Partial<Machine> = {}): FoundMachine {
  return { machine: machineOf(name, changes), host, createdMs: 0, revision: 1 };
}

export function fleetHostOf(name: string, changes: Partial<FleetHost> = {}): FleetHost {
  return {
    ...factsOf(name),
    ...{ state: "ready", running: new Set<string>(), images: ["debian:12"], machines: 0 },
    used: { cpus: 0, memoryBytes: 0, diskBytes: 0 },
    ...changes,
  };
}
