import { renderCpuList } from "../../core/kernel/cpu-list.ts";
import type { SysFile } from "./types.ts";

// 0-3,7
//
// Documentation/admin-guide/cputopology.rst

export const present: SysFile = {
  path: "cpu/present",
  describes: "the container's CPUs",
  render: (view) => `${renderCpuList(view.cpus)}\n`,
};
