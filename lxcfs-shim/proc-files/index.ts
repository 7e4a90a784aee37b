import { cpuinfo } from "./cpuinfo.ts";
import { loadavg } from "./loadavg.ts";
import { meminfo } from "./meminfo.ts";
import { stat } from "./stat.ts";
import { swaps } from "./swaps.ts";
import type { ProcFile } from "./types.ts";
import { uptime } from "./uptime.ts";

/** Every virtual file under /proc. */
export const PROC_FILES: readonly ProcFile[] = [cpuinfo, loadavg, meminfo, stat, swaps, uptime];
