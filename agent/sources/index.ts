import { openCpuSource } from "./cpu.ts";
import { disk } from "./disk.ts";
import { filesystem } from "./filesystem.ts";
import { load } from "./load.ts";
import { memory } from "./memory.ts";
import { network } from "./network.ts";
import type { Source } from "./types.ts";
import { openUptimeSource } from "./uptime.ts";

/** Every source, sampled in parallel. */
export const sources: readonly Source[] = [
  openCpuSource(),
  disk,
  filesystem,
  load,
  memory,
  network,
  openUptimeSource(),
];
