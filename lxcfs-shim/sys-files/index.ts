import { cacheLists, cacheMasks, nodeLists, nodeMasks, topologyLists, topologyMasks } from "./cpu-sets.ts";
import { nodeMeminfo } from "./node-meminfo.ts";
import { offline } from "./offline.ts";
import { online } from "./online.ts";
import { possible } from "./possible.ts";
import { present } from "./present.ts";
import type { SysFile } from "./types.ts";

/** Every virtual file under /sys/devices/system. */
export const SYS_FILES: readonly SysFile[] = [
  cacheLists,
  cacheMasks,
  nodeLists,
  nodeMasks,
  nodeMeminfo,
  offline,
  online,
  possible,
  present,
  topologyLists,
  topologyMasks,
];
