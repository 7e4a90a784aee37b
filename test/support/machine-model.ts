import type { Machine, Observed } from "../../provisioner/resources/types.ts";
import type { Step, StepKind } from "../../provisioner/step/steps.ts";

export const MACHINE: Machine = {
  id: "6f1c0000-0000-4000-8000-000000000001",
  name: "web",
  generation: 1,
  image: "debian:12",
  command: [],
  limits: { cpus: 0.5, cpuset: "0", memoryBytes: 512 * 2 ** 20 },
  disk: { bytes: 2 ** 30, fileSystem: "xfs" },
  network: "front",
  attach: "internal",
  type: "container",
  labels: { team: "shop" },
  power: "on",
};

export const NOTHING: Observed = { hasImage: false, containers: [] };

/** What is seen of a machine when all is well. */
export function observedOf(machine: Machine): Observed {
  const { generation, limits, disk, type, labels } = machine;
  const isRunning = machine.power === "on";
  return {
    address: { text: "10.0.0.7", state: "bound" },
    hasImage: true,
    volume: { bytes: disk.bytes, isMounted: true },
    identity: { generation, type, labels, address: "10.0.0.7" },
    holder: { isRunning: true },
    card: { isPlugged: true, hasAddress: true },
    containers: [{ generation, isRunning, isOfHolder: true, isInPlace: isRunning, limits }],
  };
}

type Effects = { readonly [K in StepKind]: (step: Step<K>, seen: Observed) => Partial<Observed> };

/** What each step does to a host, as far as the plan can see. A step whose ground is missing throws. */
const EFFECTS: Effects = {
  reserveAddress: (_, { address }) => ({ address: address ?? { text: "10.0.0.7", state: "reserved" } }),
  fetchImage: () => ({ hasImage: true }),
  createVolume: ({ bytes }, { volume }) => ({ volume: volume ?? { bytes, isMounted: false } }),
  mountVolume: (_, { volume }) => ({ volume: { ...need("volume", volume), isMounted: true } }),
  growVolume: ({ bytes }, { volume }) => {
    const { bytes: had, isMounted } = need("volume", volume);
    if (!isMounted) throw new Error("a volume grows while it is mounted");
    return { volume: { bytes: Math.max(had, bytes), isMounted } };
  },
  shrinkVolume: ({ bytes }, { volume }) => {
    need("volume", volume);
    return { volume: { bytes, isMounted: false } };
  },
  writeIdentity: ({ identity }, { address }) => ({
    identity: { ...identity, address: need("address", address).text },
  }),
  createHolder: (_, { holder }) => ({ holder: holder ?? { isRunning: false } }),
  startHolder: (_, { holder, card, containers }) =>
    need("holder", holder).isRunning
      ? {}
      : {
          holder: { isRunning: true },
          card: card && { isPlugged: false, hasAddress: false },
          containers: containers.map((each) => ({ ...each, isInPlace: false })),
        },
  plugCard: (_, { address, holder, card }) => {
    need("address", address);
    need("running holder", holder?.isRunning || undefined);
    return { card: card?.isPlugged ? card : { isPlugged: true, hasAddress: false } };
  },
  probeAddress: (_, { card }) => {
    if (need("card", card).hasAddress) throw new Error("its own address answers");
    return {};
  },
  setAddress: (_, { card }) => {
    need("plugged card", card?.isPlugged || undefined);
    return { card: { isPlugged: true, hasAddress: true } };
  },
  createContainer: ({ generation, limits }, { holder, hasImage, volume, identity, containers }) => {
    need("image", hasImage || undefined);
    need("holder", holder);
    need("mounted volume", volume?.isMounted || undefined);
    need("identity", identity);
    const made = { generation, limits, isRunning: false, isOfHolder: true, isInPlace: false };
    return { containers: [...containers.filter((each) => each.generation !== generation), made] };
  },
  startContainer: ({ generation }, { card, containers }) => {
    need("address on the card", card?.hasAddress || undefined);
    return { containers: change(containers, generation, { isRunning: true, isInPlace: true }) };
  },
  updateLimits: ({ generation, limits }, { containers }) => ({
    containers: change(containers, generation, { limits }),
  }),
  verifyMachine: ({ generation }, { containers }) => {
    need("running container", containers.find((each) => each.generation === generation)?.isRunning);
    return {};
  },
  bindAddress: (_, { address }) => ({ address: { ...need("address", address), state: "bound" } }),
  stopContainer: ({ generation }, { containers }) => ({
    containers: change(containers, generation, { isRunning: false, isInPlace: false }),
  }),
  removeContainer: ({ generation }, { containers }) => ({
    containers: containers.filter((each) => each.generation !== generation),
  }),
  unplugCard: () => ({ card: undefined }),
  removeHolder: (_, { card }) => {
    if (card !== undefined) throw new Error("a card that dies with its namespace");
    return { holder: undefined };
  },
  removeIdentity: () => ({ identity: undefined }),
  unmountVolume: (_, { volume, containers }) => {
    if (containers.some(({ isRunning }) => isRunning)) throw new Error("the volume is in use");
    return { volume: volume && { ...volume, isMounted: false } };
  },
  removeVolume: (_, { volume }) => {
    if (volume?.isMounted) throw new Error("the volume is mounted");
    return { volume: undefined };
  },
  releaseAddress: () => ({ address: undefined }),
};

export function applySteps(steps: readonly Step[], seen: Observed): Observed {
  let state = seen;
  for (const step of steps) state = { ...state, ...effectOf(step, state) };
  return state;
}

function effectOf<K extends StepKind>(step: Step<K>, seen: Observed): Partial<Observed> {
  const kind: K = step.kind;
  return EFFECTS[kind](step, seen);
}

function change(
  containers: Observed["containers"],
  generation: number,
  changes: Partial<Observed["containers"][number]>,
): Observed["containers"] {
  return containers.map((each) => (each.generation === generation ? { ...each, ...changes } : each));
}

function need<T>(what: string, value: T | undefined): T {
  if (value === undefined || value === false) throw new Error(`no ${what} yet`);
  return value;
}
