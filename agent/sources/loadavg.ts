import { parseLoadavg } from "../../core/kernel/proc/loadavg.ts";
import { gauge, point } from "../metric.ts";
import { defineSource, type SourceKind } from "../source-kind.ts";

const LOAD1 = gauge("node_load1", "1m load average.");
const LOAD5 = gauge("node_load5", "5m load average.");
const LOAD15 = gauge("node_load15", "15m load average.");

export const loadavg: SourceKind = defineSource({
  name: "loadavg",
  describes: "the three load averages",
  open:
    () =>
    async ({ nowMs, read }) => {
      const { load1, load5, load15 } = parseLoadavg(await read("/proc/loadavg"), "/proc/loadavg");
      return [
        point(LOAD1, {}, load1, nowMs),
        point(LOAD5, {}, load5, nowMs),
        point(LOAD15, {}, load15, nowMs),
      ];
    },
});
