import { renderCpuList } from "../../core/kernel/cpu-list.ts";
import type { SysFile } from "./types.ts";

// 0-7
//
// Documentation/admin-guide/cputopology.rst. Allocators index their tables by sched_getcpu(), and size them by this:
// the host's, unless an operator says otherwise.

export const possible: SysFile = {
  path: "cpu/possible",
  describes: "the host's; with --possible-cpus visible the container's CPUs",
  render: (view, host) =>
    view.possibleCpus === "visible" ? `${renderCpuList(view.cpus)}\n` : host.text("cpu/possible"),
};
