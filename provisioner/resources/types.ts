import type { FileSystem, Identity, Limits, Program, Step } from "../step/steps.ts";

/** A container with the life of a virtual machine, as it shall be. */
export interface Machine extends Program {
  /** A uuid, for ever. */
  readonly id: string;
  /** Unique among machines that exist; also its host name. */
  readonly name: string;
  /** Grows with each rebuild. */
  readonly generation: number;
  readonly limits: Limits;
  readonly disk: { readonly bytes: number; readonly fileSystem: FileSystem };
  readonly network: string;
  /** Where it must be that one. */
  readonly address?: string | undefined;
  readonly attach: "internal" | "veth";
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly power: "on" | "off";
}

export interface ObservedContainer {
  readonly generation: number;
  readonly isRunning: boolean;
  /** Made for the holder that is there: for another one it could never start again. */
  readonly isOfHolder: boolean;
  /**
   * It runs in the namespace that the holder has now: a holder that was restarted has another. And it
   * runs on the data volume, not in the folder that is there while none is mounted.
   */
  readonly isInPlace: boolean;
  readonly limits: Limits;
}

/** What there is of one machine, whoever made it; absence is undefined. */
export interface Observed {
  readonly address?: { readonly text: string; readonly state: "reserved" | "bound" } | undefined;
  /** The wanted one is on this host. */
  readonly hasImage: boolean;
  /** `isGone`: what is mounted is all that is left of it, for as long as it is mounted. */
  readonly volume?:
    | { readonly bytes: number; readonly isMounted: boolean; readonly isGone?: true }
    | undefined;
  readonly identity?: (Identity & { readonly address: string }) | undefined;
  readonly holder?: { readonly isRunning: boolean } | undefined;
  /** Port, device and flows work; the device has the machine's address and route, and no others. */
  readonly card?: { readonly isPlugged: boolean; readonly hasAddress: boolean } | undefined;
  readonly containers: readonly ObservedContainer[];
}

/** One kind of thing that a machine is made of. */
export interface Resource {
  readonly kind: string;
  /** What makes it be as wanted. */
  reach(observed: Observed, wanted: Machine): readonly Step[];
  /** What is left to do once the machine has proved itself; it may be irrevocable. */
  settle?(observed: Observed, wanted: Machine): readonly Step[];
  /** What takes it away. */
  remove(observed: Observed, machine: Machine): readonly Step[];
}
