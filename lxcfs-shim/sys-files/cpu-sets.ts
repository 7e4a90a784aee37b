import { parseCpuList, renderCpuList } from "../../core/kernel/cpu-list.ts";
import { intersectCpuMask } from "../../core/kernel/cpu-mask.ts";
import type { ContainerView } from "../proc-files/types.ts";
import type { SysFile } from "./types.ts";

// topology/core_cpus_list   0-1        topology/core_cpus   3
//
// Documentation/admin-guide/cputopology.rst. Who counts cores and packages (lscpu, hwloc, a JVM) counts what these name:
// a CPU the container does not have is in none of them.

export const topologyLists: SysFile = cpuLists(
  "cpu/cpuN/topology/*_list",
  "those of the container's CPUs that are in the same core, cluster, die or package",
);
export const topologyMasks: SysFile = cpuMasks(
  "cpu/cpuN/topology/*_{cpus,siblings}",
  "the same as topology's lists, as masks",
);
export const cacheLists: SysFile = cpuLists(
  "cpu/cpuN/cache/indexN/shared_cpu_list",
  "those of the container's CPUs that share the cache",
);
export const cacheMasks: SysFile = cpuMasks("cpu/cpuN/cache/indexN/shared_cpu_map", "the same, as a mask");
export const nodeLists: SysFile = cpuLists(
  "node/nodeN/cpulist",
  "those of the container's CPUs in the NUMA node",
);
export const nodeMasks: SysFile = cpuMasks("node/nodeN/cpumap", "the same, as a mask");

function cpuLists(path: string, describes: string): SysFile {
  const render = (view: ContainerView, text: string, at: string): string => {
    const visible = new Set(view.cpus);
    return `${renderCpuList(parseCpuList(text, at).filter((id) => visible.has(id)))}\n`;
  };
  return { path, describes, render: (view, host, at) => render(view, host.text(at), at) };
}

function cpuMasks(path: string, describes: string): SysFile {
  return {
    path,
    describes,
    render: (view, host, at) => intersectCpuMask(host.text(at), new Set(view.cpus)),
  };
}
