import type { Step, StepKind } from "./steps.ts";

/**
 * What takes a step back. `nothing`: it changed nothing that anybody would miss, or what it did may
 * stay. `irrevocable`: what it took away is gone; from there on an operation only goes forward.
 */
type Undo = Step | "nothing" | "irrevocable";

type Undos = { readonly [K in StepKind]: (step: Step<K>) => Undo };

const UNDOS: Undos = {
  reserveAddress: ({ machine, network }) => ({ kind: "releaseAddress", machine, network }),
  fetchImage: () => "nothing",
  createVolume: ({ machine }) => ({ kind: "removeVolume", machine }),
  mountVolume: ({ machine }) => ({ kind: "unmountVolume", machine }),
  // A file system that has grown may have been used: shrinking it again could lose data.
  growVolume: () => "nothing",
  // Nothing is lost by it: the machine's next repair grows it again.
  shrinkVolume: () => "nothing",
  writeIdentity: ({ machine, network, identity, was }) =>
    was === undefined
      ? { kind: "removeIdentity", machine }
      : { kind: "writeIdentity", machine, network, identity: was, was: identity },
  createHolder: ({ machine }) => ({ kind: "removeHolder", machine }),
  startHolder: () => "nothing",
  plugCard: ({ machine, network, attach }) => ({ kind: "unplugCard", machine, network, attach }),
  probeAddress: () => "nothing",
  setAddress: () => "nothing",
  createContainer: ({ machine, generation }) => ({ kind: "removeContainer", machine, generation }),
  startContainer: ({ machine, generation }) => ({ kind: "stopContainer", machine, generation }),
  updateLimits: ({ machine, generation, limits, was }) => ({
    kind: "updateLimits",
    machine,
    generation,
    limits: was,
    was: limits,
  }),
  verifyMachine: () => "nothing",
  bindAddress: () => "nothing",
  stopContainer: ({ machine, generation }) => ({ kind: "startContainer", machine, generation }),
  removeContainer: () => "irrevocable",
  unplugCard: () => "irrevocable",
  removeHolder: () => "irrevocable",
  removeIdentity: () => "irrevocable",
  unmountVolume: ({ machine }) => ({ kind: "mountVolume", machine }),
  removeVolume: () => "irrevocable",
  releaseAddress: () => "irrevocable",
};

function undoOf<K extends StepKind>(step: Step<K>): Undo {
  const kind: K = step.kind;
  return UNDOS[kind](step);
}

/** Whether a text, out of a journal, names a kind of step. */
export function isStepKind(text: unknown): text is StepKind {
  return typeof text === "string" && Object.hasOwn(UNDOS, text);
}

/** How many of the steps can be taken back: all before the first that is irrevocable. */
export function countRevocable(steps: readonly Step[]): number {
  const first = steps.findIndex((step) => undoOf(step) === "irrevocable");
  return first === -1 ? steps.length : first;
}

/** What takes steps back that were made in this order, in the order to do it. */
export function planUndo(steps: readonly Step[]): readonly Step[] {
  return steps
    .map(undoOf)
    .filter((undo): undo is Step => typeof undo === "object")
    .toReversed();
}
