import type { Host } from "../host/host.ts";
import type { Step, StepKind } from "../step/steps.ts";
import { bindAddress, probeAddress, releaseAddress, reserveAddress, setAddress } from "./address.ts";
import { plugCard, unplugCard } from "./card.ts";
import {
  createContainer,
  fetchImage,
  removeContainer,
  startContainer,
  stopContainer,
  updateLimits,
} from "./container.ts";
import { createHolder, removeHolder, startHolder } from "./holder.ts";
import { removeIdentity, writeIdentity } from "./identity.ts";
import type { Executor } from "./types.ts";
import { verifyMachine } from "./verify.ts";
import {
  createVolume,
  growVolume,
  mountVolume,
  removeVolume,
  shrinkVolume,
  unmountVolume,
} from "./volume.ts";

/** One for each kind of step: the compiler misses what is missing. */
const EXECUTORS: { readonly [K in StepKind]: Executor<K> } = {
  reserveAddress,
  fetchImage,
  createVolume,
  mountVolume,
  growVolume,
  shrinkVolume,
  writeIdentity,
  createHolder,
  startHolder,
  plugCard,
  probeAddress,
  setAddress,
  createContainer,
  startContainer,
  updateLimits,
  verifyMachine,
  bindAddress,
  stopContainer,
  removeContainer,
  unplugCard,
  removeHolder,
  removeIdentity,
  unmountVolume,
  removeVolume,
  releaseAddress,
};

export async function performStep<K extends StepKind>(step: Step<K>, host: Host): Promise<void> {
  const kind: K = step.kind;
  await EXECUTORS[kind](step, host);
}
