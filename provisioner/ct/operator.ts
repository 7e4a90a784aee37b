import { UsageError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { EventLog, type NewEvent } from "../events/event-log.ts";
import { performStep } from "../executors/index.ts";
import { leaseOf } from "../executors/lease-of.ts";
import { observeWanted } from "../executors/observe.ts";
import { refuseFenced } from "../fleet/orders.ts";
import { announce, announcementOf } from "../host/announce.ts";
import type { Host } from "../host/host.ts";
import type { Operation } from "../operations/documents.ts";
import { type Ending, Journal, MAX_MACHINES, recordOf } from "../operations/journal.ts";
import type { RequestRecord } from "../operations/requests.ts";
import { type Performer, runOperation, type Watcher } from "../operations/run.ts";
import { planMachine } from "../plan/plan.ts";
import { removeTrouble } from "../reconcile/troubles.ts";
import { renderWhat } from "../step/render.ts";
import type { Step } from "../step/steps.ts";
import { reserveTogether } from "./create.ts";
import { type ChangeRequest, planRequest, policyOf } from "./request.ts";
import { type MachineView, viewMachines } from "./views.ts";

/** Who changes the machines of this host: this process, or the daemon that has the host. */
export interface Operator {
  /** The steps of a request; nothing is written. */
  plan(request: ChangeRequest, signal: AbortSignal): Promise<readonly Step[]>;
  /** `signal` takes back what can be taken back. */
  carryOut(request: ChangeRequest, watcher: Watcher, signal: AbortSignal): Promise<Outcome>;
}

/** What became of a request. */
export interface Outcome {
  /** The names of those that are as was asked. */
  readonly done: readonly string[];
  /** How they are now, but for those that are gone. */
  readonly machines: readonly MachineView[];
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly name: string;
  readonly state: "undone" | "stuck";
  /** Absent where it was taken back for another's sake. */
  readonly error?: string | undefined;
}

/** In this process, which has the host's lock. */
export class HostOperator implements Operator {
  readonly host: Host;
  readonly journal: Journal;
  readonly events: EventLog;
  readonly #log: Logger;

  constructor(host: Host, log: Logger) {
    const { store, clock, config } = host;
    this.host = host;
    this.journal = new Journal(store, clock, config.name);
    this.events = new EventLog(store, clock, config.name);
    this.#log = log;
  }

  async plan(request: ChangeRequest): Promise<readonly Step[]> {
    return (await planRequest(this.host, request)).flatMap(({ steps }) => steps);
  }

  async carryOut(request: ChangeRequest, watcher: Watcher, signal: AbortSignal): Promise<Outcome> {
    const operation = await this.begin(request);
    const endings = await this.run(operation, watcher, signal);
    const done = endings.filter(({ state }) => state === "done").map(({ track }) => recordOf(track));
    const { store, config, docker } = this.host;
    return {
      done: done.map(({ machine }) => machine.name),
      machines: request.kind === "destroy" ? [] : await viewMachines(store, config.name, docker, done),
      failures: failuresOf(endings),
    };
  }

  /** Plans and writes down: from here on it is gone on with, whatever happens to this process. */
  async begin(request: ChangeRequest, record?: RequestRecord): Promise<Operation> {
    await refuseFenced(this.host.store, this.host.config.name);
    const planned = await planRequest(this.host, request);
    // What is as it should be need not be busy with a repair.
    const changes = request.kind === "repair" ? planned.filter(({ steps }) => steps.length > 0) : planned;
    if (changes.length > MAX_MACHINES)
      throw new UsageError(`${changes.length} machines at once, ${MAX_MACHINES} at most: name them`);
    return this.journal.begin(request.kind, policyOf(request), changes, record);
  }

  /** Runs an operation that is in the journal to its end, and tells who should hear of it. */
  async run(operation: Operation, watcher: Watcher, signal: AbortSignal): Promise<readonly Ending[]> {
    const { journal } = this;
    // A step whose engine does not answer keeps nobody who wants an end: the journal knows how to go on.
    const host = { ...this.host, docker: this.host.docker.hurriedBy(signal) };
    const addresses = await this.#announceBefore(operation);
    const ready = await reserveTogether(host, journal, operation);
    const endings = await runOperation(journal, ready, performerOn(host), watcher, signal);
    await this.#announceAfter(operation, endings, addresses);
    // Of one that is gone nobody could take it back.
    for (const { track, state } of endings)
      if (track.after === undefined && state === "done")
        await removeTrouble(host.store, recordOf(track).machine.id);
    await this.events.add(...endings.map((ending) => eventOf(operation, ending)));
    return endings;
  }

  /** The addresses by the machines' ids; once a machine is destroyed nobody knows it any more. */
  async #announceBefore({ kind, tracks }: Operation): Promise<ReadonlyMap<string, string>> {
    const found = await Promise.all(
      tracks.map(async (track) => {
        const { machine } = recordOf(track);
        return [machine.id, (await leaseOf(this.host, machine.network, machine))?.address] as const;
      }),
    );
    const addresses = new Map(found.filter((each): each is [string, string] => each[1] !== undefined));
    await this.#announce(announcementOf(kind, "before"), [...addresses.values()]);
    return addresses;
  }

  async #announceAfter(
    { kind }: Operation,
    endings: readonly Ending[],
    addresses: ReadonlyMap<string, string>,
  ): Promise<void> {
    const done = endings.filter(({ state }) => state === "done");
    const ips = done.flatMap(({ track }) => addresses.get(recordOf(track).machine.id) ?? []);
    await this.#announce(announcementOf(kind, "after"), ips);
  }

  async #announce(announcement: ReturnType<typeof announcementOf>, ips: readonly string[]): Promise<void> {
    if (announcement === undefined) return;
    await Promise.all(ips.map((ip) => announce(this.host.config, ip, announcement, this.#log)));
  }
}

function eventOf({ kind }: Operation, { track, state }: Ending): NewEvent {
  const { id, name } = recordOf(track).machine;
  const mended = kind === "repair" ? track.steps.map(renderWhat).join(", ") : undefined;
  return { kind, state, name, id, text: state === "done" ? mended : track.error };
}

function failuresOf(endings: readonly Ending[]): readonly Failure[] {
  return endings.flatMap(({ track, state }) =>
    state === "done" ? [] : [{ name: recordOf(track).machine.name, state, error: track.error }],
  );
}

function performerOn(host: Host): Performer {
  return {
    perform: async (step) => {
      // Cut off in the middle of an operation, and fenced meanwhile: it goes no further.
      await refuseFenced(host.store, host.config.name);
      await performStep(step, host);
    },
    plan: async (machine) => planMachine(await observeWanted(host, machine), machine),
  };
}
