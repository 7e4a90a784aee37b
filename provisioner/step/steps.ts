/** Which machine a step is for: the id is what everything is found by, the name what people are shown. */
export interface MachineRef {
  readonly id: string;
  readonly name: string;
}

export type FileSystem = "ext4" | "xfs" | "btrfs";

/** What a container may use. `cpuset` is what its processes count as their CPUs. */
export interface Limits {
  readonly cpus: number;
  /** As in cpuset.cpus: `0-1,3`. */
  readonly cpuset: string;
  readonly memoryBytes: number;
}

/** What /etc/plimsoll/identity.json says besides address, name and id. */
export interface Identity {
  readonly generation: number;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An image, and what to run in it; no command means the image's own. */
export interface Program {
  readonly image: string;
  readonly command: readonly string[];
}

/** The kinds of step, and what each is about. They are stored, so only text, numbers and lists of them. */
export interface StepArgs {
  reserveAddress: { readonly network: string; readonly address?: string | undefined };
  fetchImage: { readonly image: string };
  createVolume: { readonly bytes: number; readonly fileSystem: FileSystem };
  mountVolume: Nothing;
  growVolume: { readonly bytes: number; readonly from: number };
  shrinkVolume: { readonly bytes: number; readonly from: number };
  writeIdentity: {
    readonly network: string;
    readonly identity: Identity;
    readonly was?: Identity | undefined;
  };
  createHolder: { readonly network: string };
  startHolder: Nothing;
  plugCard: { readonly network: string; readonly attach: "internal" | "veth" };
  probeAddress: { readonly network: string };
  setAddress: { readonly network: string };
  createContainer: Program & { readonly generation: number; readonly limits: Limits };
  startContainer: { readonly generation: number };
  updateLimits: { readonly generation: number; readonly limits: Limits; readonly was: Limits };
  verifyMachine: { readonly generation: number; readonly limits: Limits; readonly diskBytes: number };
  bindAddress: { readonly network: string };
  stopContainer: { readonly generation: number };
  removeContainer: { readonly generation: number };
  unplugCard: { readonly network: string; readonly attach: "internal" | "veth" };
  removeHolder: Nothing;
  removeIdentity: Nothing;
  unmountVolume: Nothing;
  removeVolume: Nothing;
  releaseAddress: { readonly network: string };
}

type Nothing = Readonly<Record<never, never>>;

export type StepKind = keyof StepArgs;

/** One change to the host. It may be made again at any time: what is there already is left as it is. */
export type Step<K extends StepKind = StepKind> = {
  [P in K]: { readonly kind: P; readonly machine: MachineRef } & StepArgs[P];
}[K];
