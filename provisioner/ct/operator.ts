import { UsageError } from "../../core/runtime/errors.ts";
import type { Logger } from "../../core/runtime/log.ts";
import { performStep } from "../executors/index.ts";
import { observeMachine } from "../executors/observe.ts";
import type { Host } from "../host/host.ts";
import type { Operation } from "../operations/documents.ts";
import { type Ending, Journal, MAX_MACHINES, recordOf } from "../operations/journal.ts";
import { type Performer, runOperation, type Watcher } from "../operations/run.ts";
import { planMachine } from "../plan/plan.ts";
import type { Step } from "../step/steps.ts";
import { reserveTogether } from "./create.ts";
import { type ChangeRequest, planRequest, policyOf } from "./request.ts";
import { type MachineView, viewMachines } from "./views.ts";

/** Who changes the machines of this host: this process, or the daemon that has the host. */
export interface Operator {
  /** The steps of a request; nothing is written. */
  plan(request: ChangeRequest): Promise<readonly Step[]>;
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
  readonly #log: Logger;

  constructor(host: Host, log: Logger) {
    this.host = host;
    this.journal = new Journal(host.store, host.clock, host.config.name);
    this.#log = log;
  }

  async plan(request: ChangeRequest): Promise<readonly Step[]> {
    return (await planRequest(this.host, request)).flatMap(({ steps }) => steps);
  }

  async carryOut(request: ChangeRequest, watcher: Watcher, signal: AbortSignal): Promise<Outcome> {
    const operation = await this.begin(request);
    return this.outcomeOf(operation, await this.run(operation, watcher, signal));
  }

  /** Plans and writes down: from here on it is gone on with, whatever happens to this process. */
  async begin(request: ChangeRequest): Promise<Operation> {
    const planned = await planRequest(this.host, request);
    // What is as it should be need not be busy with a repair.
    const changes = request.kind === "repair" ? planned.filter(({ steps }) => steps.length > 0) : planned;
    if (changes.length > MAX_MACHINES)
      throw new UsageError(`${changes.length} machines at once, ${MAX_MACHINES} at most: name them`);
    return this.journal.begin(request.kind, policyOf(request), changes);
  }

  /** Runs an operation that is in the journal to its end. */
  async run(operation: Operation, watcher: Watcher, signal: AbortSignal): Promise<readonly Ending[]> {
    const { host, journal } = this;
    const ready = await reserveTogether(host, journal, operation);
    const endings = await runOperation(journal, ready, performerOn(host), watcher, signal);
    this.#log.debug({ operation: operation.key, endings: endings.map(({ state }) => state) }, "ended");
    return endings;
  }

  async outcomeOf({ kind }: Operation, endings: readonly Ending[]): Promise<Outcome> {
    const { store, config, docker } = this.host;
    const records = endings.filter(({ state }) => state === "done").map(({ track }) => recordOf(track));
    const machines = kind === "destroy" ? [] : await viewMachines(store, config.name, docker, records);
    return { done: records.map(({ machine }) => machine.name), machines, failures: failuresOf(endings) };
  }
}

function failuresOf(endings: readonly Ending[]): readonly Failure[] {
  return endings.flatMap(({ track, state }) =>
    state === "done" ? [] : [{ name: recordOf(track).machine.name, state, error: track.error }],
  );
}

function performerOn(host: Host): Performer {
  return {
    perform: (step) => performStep(step, host),
    plan: async (machine) => planMachine(await observeMachine(host, machine), machine),
  };
}
