import { parseCpuList, renderCpuList } from "../../core/kernel/cpu-list.ts";
import { possible } from "./possible.ts";
import type { SysFile } from "./types.ts";

// 4-6
//
// Documentation/admin-guide/cputopology.rst. An empty list is an empty line.

export const offline: SysFile = {
  path: "cpu/offline",
  describes: "the possible CPUs that the container does not have",
  render: (view, host) => {
    const visible = new Set(view.cpus);
    const ids = parseCpuList(possible.render(view, host, possible.path), possible.path);
    return `${renderCpuList(ids.filter((id) => !visible.has(id)))}\n`;
  },
};
