import { randomUUID } from "node:crypto";
import { systemClock } from "../../core/runtime/clock.ts";
import type { ChangeRequest } from "../../provisioner/ct/request.ts";
import { EventLog } from "../../provisioner/events/event-log.ts";
import { BatchKeeper } from "../../provisioner/fleet/batch-keeper.ts";
import { type Doer, Mailbox } from "../../provisioner/fleet/mailbox.ts";
import { register } from "../../provisioner/fleet/register.ts";
import type { FleetHost, HostFacts } from "../../provisioner/fleet/types.ts";
import { encodeMachine, machineKey, nameKey } from "../../provisioner/machines/documents.ts";
import type { FoundMachine } from "../../provisioner/machines/machines.ts";
import { encodeRequest, requestKey } from "../../provisioner/operations/requests.ts";
import type { Machine } from "../../provisioner/resources/types.ts";
import type { Step } from "../../provisioner/step/steps.ts";
import { openStore } from "../../provisioner/store/open.ts";
import type { Store } from "../../provisioner/store/types.ts";
import type { Cleanup } from "./cleanup.ts";
import { type PrivateEtcd, startEtcd } from "./etcd.ts";
import { MACHINE } from "./machine-model.ts";
import { recordLog } from "./record-log.ts";

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
  await register(store, factsOf(name, changes), {
    ...{ atMs: 1_700_000_000_000, machine: `machine of ${name}` },
    ...{ running, images: ["debian:12"] },
  });
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

/** A host's daemon without a host: what it is asked is done at once, unless `refuse` throws. */
export class AskedHost implements Doer {
  readonly done: ChangeRequest[] = [];
  readonly announced: string[] = [];
  readonly log: ReturnType<typeof recordLog> = recordLog();
  /** What a cancellation fails with. */
  cancelling: Error | undefined;
  readonly #store: Store;
  readonly #name: string;
  readonly #refuse: (request: ChangeRequest) => void;
  readonly #stop = new AbortController();
  #over: Promise<void> = Promise.resolve();

  constructor(store: Store, name: string, refuse: (request: ChangeRequest) => void = () => {}) {
    this.#store = store;
    this.#name = name;
    this.#refuse = refuse;
  }

  start(cleanup: Cleanup): void {
    const mailbox = new Mailbox(this.#store, systemClock, this.#name, this, this.log);
    const batches = new BatchKeeper({
      ...{ store: this.#store, clock: systemClock, host: this.#name, log: this.log },
      events: new EventLog(this.#store, systemClock, this.#name),
      submit: (request) => this.submit(request, randomUUID()),
    });
    const following = [mailbox.follow(this.#stop.signal), batches.follow(this.#stop.signal)];
    this.#over = Promise.all(following).then(() => mailbox.settle());
    cleanup.add(`mailbox of ${this.#name}`, () => this.stop());
  }

  stop(): Promise<void> {
    this.#stop.abort();
    return this.#over;
  }

  async submit(request: ChangeRequest, id: string): Promise<void> {
    this.#refuse(request);
    this.done.push(request);
    const names = request.kind === "create" ? (request.names ?? []) : request.names;
    if (request.kind === "create") for (const name of names) await addMachine(this.#store, name, this.#name);
    if (request.kind === "destroy")
      await this.#store.transact({
        expect: [],
        remove: names.flatMap((name) => [machineKey(`id-of-${name}`), nameKey(name)]),
      });
    const results = names.map((name) => ({ name, id: `id-of-${name}`, state: "done" as const }));
    const record = { id, kind: request.kind, digest: "", begunMs: 1, results, endedMs: 2 };
    await this.#store.transact({
      expect: [],
      put: [{ key: requestKey(this.#name, id), value: encodeRequest(record) }],
    });
  }

  async cancel(id: string): Promise<void> {
    if (this.cancelling !== undefined) throw this.cancelling;
    this.announced.push(`cancelled ${id}`);
  }

  async plan(request: ChangeRequest): Promise<readonly Step[]> {
    this.#refuse(request);
    return [{ kind: "startHolder", machine: { id: "1", name: this.#name } }];
  }

  async announce(names: readonly string[]): Promise<void> {
    this.announced.push(...names);
  }
}
