import type { ContainerCreateBody } from "../../core/runtime/engine-types.ts";
import type { MachineRef } from "../step/steps.ts";
import { LABEL } from "./names.ts";

const MEMORY_BYTES = 64 * 2 ** 20;
/** More than hosts have CPUs. */
const MAX_THREADS = 1024;

/**
 * Of a holder. Its limits hold from before its program is there: runc becomes it inside of
 * them, by then a Go program with as many threads as the host has CPUs and a copy of itself in memory, and where
 * there is no room for it the engine says `cannot start a stopped process`.
 */
export function holderBody({ id, name }: MachineRef, image: string): ContainerCreateBody {
  return {
    Image: image,
    // The machine's too: Docker refuses one on who joins it.
    Hostname: name,
    // A namespace by runc alone. Where the engine knows of it, with the network `none`, it starts a copy of itself to
    // be told, which takes as long as all the rest.
    NetworkDisabled: true,
    Labels: { [LABEL.machine]: id },
    // sleep(1) as PID 1 takes no notice of SIGTERM: the engine need not wait for it when it ends.
    StopSignal: "SIGKILL",
    HostConfig: {
      NetworkMode: "none",
      // No /dev/shm to be mounted for it.
      IpcMode: "none",
      Memory: MEMORY_BYTES,
      PidsLimit: MAX_THREADS,
      CapDrop: ["ALL"],
      ReadonlyRootfs: true,
    },
  };
}
