import type { Host } from "../host/host.ts";
import type { Step, StepKind } from "../step/steps.ts";

/**
 * How each kind of step is made: what is there is looked at, what is missing is made, and a step that
 * returns has seen that it is done. Made again after a crash at any instruction, it ends the same.
 */
export type Executor<K extends StepKind> = (step: Step<K>, host: Host) => Promise<void>;
