import type { Limits, Step, StepKind } from "./steps.ts";

type Renderers = { readonly [K in StepKind]: (step: Step<K>) => string };

const RENDERERS: Renderers = {
  reserveAddress: ({ network, address }) => `reserve ${address ?? "an address"} of network ${network}`,
  fetchImage: ({ image }) => `fetch image ${image}`,
  createVolume: ({ bytes, fileSystem }) => `create a data volume of ${renderBytes(bytes)}, ${fileSystem}`,
  mountVolume: () => "mount the data volume",
  growVolume: ({ from, bytes }) => `grow the data volume from ${renderBytes(from)} to ${renderBytes(bytes)}`,
  shrinkVolume: ({ from, bytes }) =>
    `unmount the data volume and shrink it from ${renderBytes(from)} to ${renderBytes(bytes)}`,
  writeIdentity: ({ identity }) => `write its identity, generation ${identity.generation}`,
  createHolder: () => "create the holder of its network namespace",
  startHolder: () => "start the holder",
  plugCard: ({ network, attach }) => `plug a card into network ${network}, ${attach}`,
  probeAddress: () => "ask the wire whether the address is in use",
  setAddress: () => "set the address and announce it",
  createContainer: ({ generation, image, limits }) =>
    `create container ${generation} of ${image}, ${renderLimits(limits)}`,
  startContainer: ({ generation }) => `start container ${generation}`,
  updateLimits: ({ generation, was, limits }) =>
    `change container ${generation} from ${renderLimits(was)} to ${renderLimits(limits)}`,
  verifyMachine: () => "verify from inside",
  bindAddress: () => "bind the address",
  stopContainer: ({ generation }) => `stop container ${generation}`,
  removeContainer: ({ generation }) => `remove container ${generation}`,
  unplugCard: () => "unplug the card",
  removeHolder: () => "remove the holder",
  removeIdentity: () => "remove its identity",
  unmountVolume: () => "unmount the data volume",
  removeVolume: () => "wipe and remove the data volume",
  releaseAddress: () => "put the address into quarantine",
};

/** A step as a line: `web: start container 1`. */
export function renderStep(step: Step): string {
  return `${step.machine.name}: ${renderWhat(step)}`;
}

/** What is done, without the machine's name. */
export function renderWhat<K extends StepKind>(step: Step<K>): string {
  const kind: K = step.kind;
  return RENDERERS[kind](step);
}

/** `512 MiB`, `1.5 GiB`: with at most one decimal where it does not come out even. */
export function renderBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Math.round(value * 10) / 10} ${units[unit]}`;
}

function renderLimits({ cpus, cpuset, memoryBytes }: Limits): string {
  return `${cpus} CPUs of ${cpuset}, ${renderBytes(memoryBytes)}`;
}
