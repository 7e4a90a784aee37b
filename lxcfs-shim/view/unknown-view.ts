import { parseCpuinfo } from "../../core/kernel/proc/cpuinfo.ts";
import { attempt } from "../attempt.ts";
import type { ContainerView, HostText } from "../proc-files/types.ts";

/**
 * A view that tells nothing but why: for a container one of whose kernel files does not read as documented. Each file is
 * then what it is without the parts it needs; CPUs and age are the container's where they can be had.
 */
export function unknownView(view: ContainerView, host: HostText, reason: string): ContainerView {
  const hostCpus = (): readonly number[] =>
    parseCpuinfo(host.text("cpuinfo")).blocks.map((cpu) => cpu.processor);
  return {
    cpus: attempt(() => view.cpus) ?? attempt(hostCpus) ?? [0],
    uptimeSeconds: attempt(() => view.uptimeSeconds) ?? 0,
    missing: () => reason,
  };
}
