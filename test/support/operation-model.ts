import type { Performer, Watcher } from "../../provisioner/operations/run.ts";
import { planMachine } from "../../provisioner/plan/plan.ts";
import type { Observed } from "../../provisioner/resources/types.ts";
import type { Step } from "../../provisioner/step/steps.ts";
import { applySteps, NOTHING } from "./machine-model.ts";

export const SILENT: Watcher = { begin: () => {}, done: () => {} };

/** A host of machines as plain data, whose steps fail, or never return, where a test says so. */
export class ModelHost implements Performer {
  readonly made: Step[] = [];
  readonly #machines = new Map<string, Observed>();
  /** What becomes of a step before it is made; a promise that never settles stands for a kill. */
  before: (step: Step) => Promise<void> = async () => {};
  /** The same once it is made, and the journal does not know. */
  after: (step: Step) => Promise<void> = async () => {};

  see(id: string): Observed {
    return this.#machines.get(id) ?? NOTHING;
  }

  put(id: string, observed: Observed): void {
    this.#machines.set(id, observed);
  }

  async perform(step: Step): Promise<void> {
    await this.before(step);
    this.made.push(step);
    this.put(step.machine.id, applySteps([step], this.see(step.machine.id)));
    await this.after(step);
  }

  async plan(machine: Parameters<Performer["plan"]>[0]): Promise<readonly Step[]> {
    return planMachine(this.see(machine.id), machine);
  }
}
