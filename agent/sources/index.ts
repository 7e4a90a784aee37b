import type { SourceKind } from "../source-kind.ts";
import { cpu } from "./cpu.ts";
import { diskstats } from "./diskstats.ts";
import { filesystem } from "./filesystem.ts";
import { loadavg } from "./loadavg.ts";
import { meminfo } from "./meminfo.ts";
import { netdev } from "./netdev.ts";
import { stat } from "./stat.ts";
import { time } from "./time.ts";

/** Every source there is. */
export const sources: readonly SourceKind[] = [
  cpu,
  diskstats,
  filesystem,
  loadavg,
  meminfo,
  netdev,
  stat,
  time,
];
