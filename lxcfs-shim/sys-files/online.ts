import { renderCpuList } from "../../core/kernel/cpu-list.ts";
import type { SysFile } from "./types.ts";

// 0-3,7
//
// Documentation/admin-guide/cputopology.rst

export const online: SysFile = {
  path: "cpu/online",
  describes: "the container's CPUs",
  render: (view) => `${renderCpuList(view.cpus)}\n`,
};
