import type { CgroupPath } from "../../core/kernel/cgroup/reader.ts";

/** Whose machine a caller sees. Pids are in the server's numbering. */
export interface Container {
  /** The same for every process of the container, never used again: a namespace or cgroup, and the start of its init. */
  readonly key: string;
  /** The first process: its age is the container's. */
  readonly init: number;
  /** USER_HZ ticks from the host's boot. */
  readonly startTicks: number;
  readonly cgroup: CgroupPath;
  /** Which of a process's pids (`NSpid:`, from the outside in) is the one the container sees. */
  readonly pidLevel: number;
}

/** Who asks. `gone`: the caller died meanwhile, or lives where the server cannot see it. */
export type Identity =
  | { readonly kind: "host" }
  | { readonly kind: "container"; readonly container: Container }
  | { readonly kind: "gone"; readonly reason: string };
