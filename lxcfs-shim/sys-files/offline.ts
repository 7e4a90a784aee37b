import { parseCpuList, renderCpuList } from "../../core/kernel/cpu-list.ts";
import type { SysFile } from "./types.ts";

// 4-6
//
// Documentation/admin-guide/cputopology.rst. An empty list is an empty line. `possible` stays the host's:
// allocators index their tables by sched_getcpu(), and size them by it.

export const offline: SysFile = {
  path: "cpu/offline",
  describes: "the host's possible CPUs that the container does not have",
  render: (view, host) => {
    const visible = new Set(view.cpus);
    const rest = parseCpuList(host.text("cpu/possible"), "possible").filter((id) => !visible.has(id));
    return `${renderCpuList(rest)}\n`;
  },
};
