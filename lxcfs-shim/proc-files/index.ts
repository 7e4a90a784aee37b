import { cpuinfo } from "./cpuinfo.ts";
import { diskstats } from "./diskstats.ts";
import { loadavg } from "./loadavg.ts";
import { meminfo } from "./meminfo.ts";
import { partitions } from "./partitions.ts";
import { cpuPressure, ioPressure, irqPressure, memoryPressure } from "./pressure.ts";
import { slabinfo } from "./slabinfo.ts";
import { stat } from "./stat.ts";
import { swaps } from "./swaps.ts";
import type { ProcFile } from "./types.ts";
import { uptime } from "./uptime.ts";
import { vmstat } from "./vmstat.ts";
import { zoneinfo } from "./zoneinfo.ts";

/** Every virtual file under /proc. */
export const PROC_FILES: readonly ProcFile[] = [
  cpuinfo,
  diskstats,
  loadavg,
  meminfo,
  partitions,
  cpuPressure,
  ioPressure,
  irqPressure,
  memoryPressure,
  slabinfo,
  stat,
  swaps,
  uptime,
  vmstat,
  zoneinfo,
];
